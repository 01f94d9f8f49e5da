"""`mtlc report` on the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mtlc.cli import group, main


def ended(capsys, *args):
    with pytest.raises(SystemExit) as end:
        main(["report", *map(str, args)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return end.value.code or 0, err


def test_the_page_is_put_into_the_run_or_where_it_is_wanted(run, tmp_path, capsys):
    assert ended(capsys, run) == (0, f"wrote {run / 'report.html'}\n")
    assert ended(capsys, run, "-o", tmp_path / "new" / "page.html", "-q") == (0, "")
    assert (tmp_path / "new" / "page.html").read_text() == (run / "report.html").read_text()


def test_the_pictures_title_is_the_runs_name(run, capsys):
    ended(capsys, run)
    assert 'aria-label="my run &amp; more"' in (run / "report.html").read_text()


def test_a_spec_that_means_nothing_here_is_a_note_on_the_page(run, capsys):
    (run / "spec.mtl").write_text("data elsewhere\n")
    assert ended(capsys, run)[0] == 0
    page = (run / "report.html").read_text()
    assert "cannot be resolved here" in page and "miou" in page and "data elsewhere" in page


@pytest.mark.parametrize("folder", ["", "gone"])
def test_a_folder_that_is_no_run_exits_with_2(tmp_path, capsys, folder):
    code, err = ended(capsys, tmp_path / folder)
    assert code == 2 and "hint:" in err


def test_a_page_that_cannot_be_written_exits_with_2(run, capsys):
    code, err = ended(capsys, run, "-o", run / "spec.mtl" / "page.html")
    assert code == 2 and "cannot write" in err


def test_a_rehearsal_keeps_nothing_so_it_takes_no_place_for_it():
    said = CliRunner().invoke(group, ["run", "any.mtl", "--dry", "--tensorboard"])
    assert said.exit_code == 2 and "--dry keeps nothing" in said.output
