"""The command line: what each command says, where, with which exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from mtlc import cli
from mtlc.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
TINY = str(ROOT / "specs" / "tiny.mtl")
BAD = str(ROOT / "tests" / "specs" / "bad" / "eight.mtl")
SPEC_COMMANDS = ("check", "fmt", "compile", "run", "render")


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mtlc(capsys, monkeypatch, tmp_path) -> Callable[..., Said]:
    """Run a command in this process, in an empty folder."""
    for name in ("NO_COLOR", "GITHUB_ACTIONS", "MTLC_DEBUG", "NYUD_ROOT", "CCP_ROOT", "HOLOLENS_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(ended.value.code or 0, out, err)

    return run


def process(*args: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mtlc", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, **options)


def command_on(command: str, spec: str) -> list[str]:
    return [command, spec, *(["-o", "picture.svg"] if command == "render" else [])]


# what it is


def test_mtlc_alone_says_what_it_is_and_three_commands_to_try(mtlc):
    said = mtlc()
    assert said.code == 0
    assert said.out.startswith("mtlc ")
    assert sum(line.startswith("  mtlc ") for line in said.out.splitlines()) == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_help_starts_with_an_example(mtlc, command):
    said = mtlc(command, "--help")
    assert said.code == 0
    usage, example = [line.strip() for line in said.out.splitlines() if line.strip()][:2]
    assert usage.startswith(f"Usage: mtlc {command}")
    assert example.startswith(f"Example: mtlc {command}")


def test_the_help_of_all_lists_every_command(mtlc):
    said = mtlc("--help")
    assert said.code == 0
    assert all(f"  {command} " in said.out for command in COMMANDS)
    assert "Example: mtlc" in said.out


def test_an_unknown_command_is_wrong_usage_with_a_suggestion(mtlc):
    said = mtlc("chek", TINY)
    assert (said.code, said.out) == (2, "")
    assert "there is no command `chek`. Did you mean `check`?" in said.err


def test_an_unknown_option_is_wrong_usage(mtlc):
    assert mtlc("check", TINY, "--colour", "never").code == 2


def test_the_version_is_said(mtlc):
    assert mtlc("--version").out.startswith("mtlc, version ")


# files that are no specs


@pytest.mark.parametrize("command", SPEC_COMMANDS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "it does not exist"),
        ("folder", "it is a folder"),
        (b"data rooms\n# caf\xe9\n", "it is not UTF-8: byte 16 (line 2) is 0xe9"),
        (b"a" * 10_000_000, "it has 10.0 MB"),
        (b"\x89PNG\0\0", "byte 4 is zero"),
    ],
    ids=["missing", "folder", "latin-1", "10 MB", "binary"],
)
def test_a_file_that_is_no_spec_is_wrong_usage(mtlc, tmp_path, command, content, reason):
    spec = tmp_path / "spec.mtl"
    if content == "folder":
        spec.mkdir()
    elif content:
        spec.write_bytes(content if isinstance(content, bytes) else content.encode())
    if content and reason.startswith("byte"):
        reason = "" if b"\x89" in content else reason
    said = mtlc(*command_on(command, "spec.mtl"))
    assert (said.code, said.out) == (2, "")
    assert "cannot read `spec.mtl`" in said.err
    assert reason in said.err
    assert "hint:" in said.err


@pytest.mark.parametrize("command", SPEC_COMMANDS)
def test_ten_thousand_brackets_are_one_mistake(mtlc, tmp_path, command):
    (tmp_path / "deep.mtl").write_text(
        "data rooms\ntask depth { weight = " + "[" * 10_000 + "]" * 10_000 + " }\n"
    )
    said = mtlc(*command_on(command, "deep.mtl"))
    assert said.code == 1
    assert (said.out + said.err).count("error[") == 1
    assert "MTL002" in said.out + said.err


@pytest.mark.parametrize("command", SPEC_COMMANDS)
def test_a_spec_with_mistakes_exits_with_1(mtlc, tmp_path, command):
    (tmp_path / "bad.mtl").write_text("data rooms\nshared encoder : tiny\ntask depth { weight 2 }\n")
    said = mtlc(*command_on(command, "bad.mtl"))
    assert said.code == 1
    assert "error[MTL010]" in (said.out if command == "check" else said.err)


@pytest.mark.parametrize("command", ["check", "compile", "run", "render"])
def test_an_unknown_set_path_is_a_mistake_in_the_argument(mtlc, command):
    said = mtlc(*command_on(command, TINY), "--set", "train.stepz=3")
    assert said.code == 1
    assert "--> --set:1:7" in said.out + said.err


# check


def test_check_of_a_good_spec_says_nothing_on_stdout_and_what_to_try_next(mtlc):
    said = mtlc("check", TINY)
    assert (said.code, said.out) == (0, "")
    assert "no mistakes. Next: mtlc compile" in said.err
    assert mtlc("check", TINY, "-q").err == ""


def test_check_shows_every_mistake_on_stdout_and_how_many_on_stderr(mtlc):
    said = mtlc("check", BAD)
    assert (said.code, said.out.count("error[")) == (1, 8)
    assert "8 errors" in said.err


def test_check_takes_many_files_and_one_that_is_missing_hides_no_other(mtlc):
    said = mtlc("check", TINY, "gone.mtl", BAD)
    assert (said.code, said.out.count("error[")) == (2, 8)
    assert "cannot read `gone.mtl`" in said.err


def test_a_warning_fails_only_with_strict(mtlc, tmp_path):
    (tmp_path / "a.mtl").write_text("let w = 1\ndata rooms\nshared encoder : tiny\ntask depth\n")
    assert mtlc("check", "a.mtl").code == 0
    assert mtlc("check", "a.mtl", "--strict").code == 1


def test_check_reads_standard_input():
    good = process("check", "-", input=Path(TINY).read_text())
    assert (good.returncode, good.stdout) == (0, "")
    bad = process("check", "-", input="data room\nshared encoder : tiny\ntask depth\n")
    assert bad.returncode == 1
    assert "--> <stdin>:1:6" in bad.stdout


def place_is_valid(place: dict) -> None:
    assert set(place) == {"file", "start", "end", "label"}
    for end in (place["start"], place["end"]):
        assert set(end) == {"line", "column"}
        assert min(end.values()) >= 1
    assert (place["start"]["line"], place["start"]["column"]) <= (
        place["end"]["line"],
        place["end"]["column"],
    )


@pytest.mark.parametrize("spec", [TINY, BAD, "gone.mtl"])
def test_json_is_one_object_of_the_stated_form(mtlc, spec):
    said = mtlc("check", spec, "--format", "json")
    read = json.loads(said.out)
    assert set(read) == {"version", "diagnostics"}
    assert read["version"] == 1
    assert (len(read["diagnostics"]), said.code) == {TINY: (0, 0), BAD: (8, 1), "gone.mtl": (1, 2)}[spec]
    for each in read["diagnostics"]:
        assert set(each) == {"code", "severity", "message", "hint", "primary", "others"}
        assert each["severity"] in ("error", "warning")
        for place in (each["primary"], *each["others"]):
            place_is_valid(place)


@pytest.mark.parametrize("by", ["option", "environment"])
def test_github_gets_an_annotation_for_each_mistake(mtlc, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = mtlc("check", BAD, *(["--github"] if by == "option" else []))
    lines = said.out.splitlines()
    assert (said.code, len(lines)) == (1, 8)
    assert all(line.startswith("::error file=") and "line=" in line and "title=MTL" in line for line in lines)


def test_colour_is_for_terminals_alone(mtlc, monkeypatch):
    assert "\x1b[" not in mtlc("check", BAD).out
    assert "\x1b[" in mtlc("check", BAD, "--color", "always").out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b[" in mtlc("check", BAD).out
    assert "\x1b[" not in mtlc("check", BAD, "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in mtlc("check", BAD).out


def test_a_terminal_without_a_sign_gets_another_one(tmp_path):
    (tmp_path / "bad.mtl").write_text("data rooms { 大小 = 3 }\n", encoding="utf-8")
    said = process("check", str(tmp_path / "bad.mtl"), env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert said.returncode == 1
    assert "data rooms { ?? = 3 }" in said.stdout


def test_a_closed_pipe_is_no_failure():
    command = f"'{sys.executable}' -m mtlc info | head -n 1; exit ${{PIPESTATUS[0]}}"
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert (said.returncode, said.stderr) == (0, "")


def test_no_plugins_refuses_python(mtlc, tmp_path):
    (tmp_path / "evil.py").write_text("raise SystemExit('it ran')")
    (tmp_path / "a.mtl").write_text('use "evil.py"\n' + Path(TINY).read_text())
    said = mtlc("check", "a.mtl", "--no-plugins")
    assert said.code == 1
    assert "MTL214" in said.out
    assert "it ran" not in said.out


def test_a_plugin_that_ends_the_process_is_a_mistake_in_the_spec(mtlc, tmp_path):
    (tmp_path / "quits.py").write_text("import sys\nsys.exit(7)\n")
    (tmp_path / "a.mtl").write_text('use "quits.py"\n' + Path(TINY).read_text())
    said = mtlc("check", "a.mtl")
    assert said.code == 1
    assert "line 2" in said.out


# fmt

UGLY = "data rooms {size=64x64}   # c\nshared encoder:tiny\ntask depth\n"
PRETTY = "data rooms { size = 64x64 }  # c\nshared encoder : tiny\ntask depth\n"


def test_fmt_writes_in_place_and_says_so(mtlc, tmp_path):
    (tmp_path / "a.mtl").write_text(UGLY)
    said = mtlc("fmt", "a.mtl")
    assert (said.code, said.out) == (0, "")
    assert "formatted a.mtl" in said.err
    assert (tmp_path / "a.mtl").read_text() == PRETTY
    assert mtlc("fmt", "a.mtl").err == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "a.mtl"]


def test_fmt_check_prints_a_diff_and_changes_nothing(mtlc, tmp_path):
    (tmp_path / "a.mtl").write_text(UGLY)
    said = mtlc("fmt", "--check", "a.mtl")
    assert said.code == 1
    assert "\n-shared encoder:tiny\n" in said.out
    assert "\n+shared encoder : tiny\n" in said.out
    assert (tmp_path / "a.mtl").read_text() == UGLY
    (tmp_path / "a.mtl").write_text(PRETTY)
    assert mtlc("fmt", "--check", "a.mtl") == (0, "", "")


def test_fmt_goes_on_after_a_file_that_cannot_be_read(mtlc, tmp_path):
    (tmp_path / "a.mtl").write_text(UGLY)
    said = mtlc("fmt", "nix.mtl", "a.mtl")
    assert said.code == 2 and "`nix.mtl`: it does not exist" in said.err
    assert (tmp_path / "a.mtl").read_text() != UGLY


def test_fmt_of_standard_input_goes_to_standard_output():
    said = process("fmt", "-", input=UGLY)
    assert (said.returncode, said.stdout) == (0, PRETTY)


def test_fmt_keeps_the_line_ends_of_another_system(mtlc, tmp_path):
    (tmp_path / "a.mtl").write_bytes(UGLY.replace("\n", "\r\n").encode())
    assert mtlc("fmt", "a.mtl").code == 0
    assert (tmp_path / "a.mtl").read_bytes() == PRETTY.replace("\n", "\r\n").encode()
    assert mtlc("fmt", "--check", "a.mtl").code == 0


def test_fmt_leaves_a_text_with_mistakes_alone(mtlc, tmp_path):
    (tmp_path / "a.mtl").write_text("task depth { weight = \n")
    assert mtlc("fmt", "a.mtl").code == 1
    assert (tmp_path / "a.mtl").read_text() == "task depth { weight = \n"


def test_a_full_disk_leaves_the_old_file(mtlc, tmp_path, monkeypatch):
    (tmp_path / "a.mtl").write_text(UGLY)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    said = mtlc("fmt", "a.mtl")
    assert said.code == 2
    assert "no space left on device" in said.err
    assert (tmp_path / "a.mtl").read_text() == UGLY
    assert list(tmp_path.iterdir()) == [tmp_path / "a.mtl"]


def test_fmt_in_a_folder_that_cannot_be_written_says_so(mtlc, tmp_path, monkeypatch):
    (tmp_path / "a.mtl").write_text(UGLY)

    def refused(**given):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refused)
    said = mtlc("fmt", "a.mtl")
    assert said.code == 2
    assert "permission denied" in said.err


# compile and render


@pytest.mark.parametrize("what", ["syntax", "spec", "graph", "plan", "dot"])
def test_compile_emits_a_box_on_stdout(mtlc, what):
    said = mtlc("compile", TINY, "--emit", what)
    assert said.code == 0
    assert "semseg" in said.out


def test_compile_stops_after_a_pass_and_traces(mtlc):
    assert "?" in mtlc("compile", TINY, "--emit", "graph", "--after", "expand").out
    traced = mtlc("compile", TINY, "--trace")
    assert traced.code == 0
    assert [line.split(":")[0] for line in traced.out.splitlines() if " ms, " in line] == [
        "shapes",
        "adapt",
        "unfold",
    ]


@pytest.mark.parametrize(
    "option", [("--after", "shape"), ("--tasks", "dpth"), ("--tasks", ","), ("--emit", "all")]
)
def test_compile_with_a_wrong_option_is_wrong_usage(mtlc, option):
    assert mtlc("compile", TINY, *option).code == 2


def test_render_writes_by_suffix(mtlc, tmp_path):
    assert mtlc("render", TINY, "-o", "new/tiny.dot").code == 0
    assert (tmp_path / "new" / "tiny.dot").read_text().startswith("digraph")
    assert mtlc("render", TINY, "-o", "tiny.gif").code == 2
    assert mtlc("render", TINY).code == 2


@pytest.mark.parametrize(
    "args",
    [("render", TINY, "-o", "file/a.dot"), ("compile", TINY, "--emit", "spec", "-o", "file"),
     ("run", TINY, "--out", "file/run", "--steps", "1", "--set", "data=rooms(size = 32x32, images = 2)")],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_wrong_usage_in_every_command(mtlc, tmp_path, args):
    (tmp_path / "file").write_text("not a folder")
    said = mtlc(*args)
    assert said.code == 2
    assert "cannot write `file" in said.err


# explain and info


def test_explain_shows_a_page_and_lists_all(mtlc):
    assert mtlc("explain", "MTL101").out.startswith("# MTL101: unknown key")
    assert mtlc("explain", "mtl101").out == mtlc("explain", "101").out
    assert "MTL101: unknown key" in mtlc("explain").out.splitlines()
    assert mtlc("explain", "MTL999").code == 2


def test_info_lists_parts_and_shows_one(mtlc):
    assert "kem" in mtlc("info").out
    assert "slots" in mtlc("info", "kem").out
    assert "slots  " not in mtlc("info", "links").out
    parts = json.loads(mtlc("info", "kem", "--format", "json").out)["parts"]
    assert [part["name"] for part in parts] == ["kem"]
    unknown = mtlc("info", "kemm")
    assert unknown.code == 2
    assert "did you mean `kem`?" in unknown.err


# what the environment lacks, and runs


@pytest.mark.parametrize(
    ("spec", "said"), [("nyud_base", "looked for the folder"), ("ccp", "`CCP_ROOT` is not set")]
)
def test_a_run_without_its_data_says_what_is_missing_and_exits_with_3(mtlc, monkeypatch, spec, said):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = mtlc("run", str(ROOT / "specs" / f"{spec}.mtl"), "--set", "shared.encoder=tiny", "--out", "run")
    found = found if found.code == 3 else mtlc("run", str(ROOT / "specs" / f"{spec}.mtl"), "--out", "run")
    assert found.code == 3
    assert said in found.err
    assert "hint: say where it is: export" in found.err


@pytest.mark.parametrize(
    "args",
    [("run",), ("run", "--resume", "gone"), ("run", TINY, "--resume", "a", "--out", "b"),
     ("run", TINY, "--resume", "a", "--init", "b"), ("run", TINY, "--init", "gone"),
     ("run", TINY, "--steps", "0"),
     ("eval",), ("eval", "--run", "gone"), ("eval", "--run", "a", "--checkpoint", "b"), ("predict",),
     ("predict", "a.jpg"), ("predict", "a.jpg", "--run", "gone")],
)  # fmt: skip
def test_wrong_usage_of_a_run_exits_with_2(mtlc, args):
    said = mtlc(*args)
    assert said.code == 2
    assert said.err


# what nobody foresaw


def test_a_bug_is_70_with_one_message_and_no_traceback(mtlc, monkeypatch):
    def broken(*args, **given):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr("mtlc.cli.check_command.front", broken)
    said = mtlc("check", TINY)
    assert (said.code, said.out) == (70, "")
    assert said.err.count("error:") == 1
    assert "a bug in mtlc" in said.err
    assert "ZeroDivisionError: by accident" in said.err


def test_an_illegal_graph_is_a_bug_with_a_code_of_its_own(mtlc, monkeypatch):
    from mtlc.graph import IllegalGraph

    def broken(*args, **given):
        raise IllegalGraph("step `a` reads `b` before it is written")

    monkeypatch.setattr("mtlc.cli.check_command.front", broken)
    said = mtlc("check", TINY)
    assert said.code == 70
    assert "MTL900" in said.err


def test_an_interrupt_is_130(mtlc, monkeypatch):
    def interrupted(*args, **given):
        raise KeyboardInterrupt

    monkeypatch.setattr("mtlc.cli.check_command.front", interrupted)
    assert mtlc("check", TINY).code == 130


def test_every_command_has_a_file_of_its_own():
    files = {path.stem.removesuffix("_command") for path in Path(cli.__file__).parent.glob("*_command.py")}
    assert files == set(COMMANDS)


@pytest.mark.parametrize("name", ["cross_stitch", "mtan", "tiny", "timm"])
def test_info_shows_a_part_of_two_kinds_once(mtlc, name):
    assert mtlc("info", name).out.count(f"{name}: ") == 1


def test_info_lists_every_part_once_under_the_kind_it_is_called_by(mtlc):
    sections = mtlc("info").out.split("\n\n")
    listed = {each.splitlines()[0]: [line.split()[0] for line in each.splitlines()[1:]] for each in sections}
    assert "mixing" not in listed and "cross_stitch" in listed["link"]
    assert "fpn" in listed["layer"] and not {"tiny", "timm"} & set(listed["layer"])
    assert {"tiny", "timm"} <= set(listed["encoder"])
    assert mtlc("info", "tiny").out.startswith("tiny: encoder\n")
    assert len(listed) == len(sections)


def test_info_on_a_block_is_json_where_that_is_asked_for(mtlc):
    said = json.loads(mtlc("info", "let", "--format", "json").out)
    assert said["parts"] == [] and said["about"].startswith("`let name")


@pytest.mark.parametrize("name", ["shared", "balance", "let", "use"])
def test_info_says_what_a_block_is_and_where_its_parts_are(mtlc, name):
    said = mtlc("info", name)
    assert said.code == 0 and said.out.startswith(f"`{name} ")
    if "mtlc info" in said.out:
        assert mtlc("info", said.out.split("mtlc info ")[1].split("`")[0]).code == 0


def test_what_to_do_next_can_be_pasted_though_a_path_has_spaces(mtlc, tmp_path):
    (tmp_path / "a spec.mtl").write_text(Path(TINY).read_text())
    assert "Next: mtlc compile 'a spec.mtl'" in mtlc("check", "a spec.mtl").err


def test_a_run_into_a_file_says_that_it_is_one(mtlc, tmp_path):
    (tmp_path / "here").write_text("")
    said = mtlc("run", TINY, "--out", "here", "--steps", "1")
    assert said.code == 2 and "`here` is a file" in said.err


def test_links_are_taken_out_by_an_empty_block_as_the_hint_says(mtlc, tmp_path):
    spec = "data rooms\nshared encoder : tiny\ntask semseg\ntask depth\nlinks { all -> all via attention }\n"
    (tmp_path / "with.mtl").write_text(spec)
    assert "with `links { }` to take them out" in mtlc("check", "with.mtl", "--set", "links=none").out
    (tmp_path / "without.mtl").write_text('use "with.mtl"\nlinks { }\n')
    said = mtlc("compile", "without.mtl", "--emit", "spec")
    assert said.code == 0 and "attention" not in said.out


def test_a_warning_about_a_value_of_set_is_cured_by_set(mtlc):
    said = mtlc("check", TINY, "--set", "balance=dwa", "--set", "train.steps=3")
    assert '--set "balance=dwa(every = 1)"' in said.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_a_full_disk_does_not_take_is_no_bug_of_ours():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "mtlc", "info", "kem"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.startswith("error: cannot write the output: no space left on device\n  hint: ")


@pytest.mark.parametrize("command", [["show", TINY, "-o", "file/x.png"], ["check", TINY, "-o", "file/x"]])
def test_pictures_of_data_that_cannot_be_written_are_wrong_usage_before_the_data_is_read(mtlc, command):
    Path("file").write_text("")
    said = mtlc("data", *command)
    assert (said.code == 2 and "hint: name a folder" in said.err) or "choose another place" in said.err
