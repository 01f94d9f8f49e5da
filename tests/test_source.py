"""Reading files and finding lines and columns."""

from pathlib import Path

import pytest

from mtlc.source import LIMIT, Source, SourceError, decode, load


def test_lines_and_columns_count_from_one_at_every_kind_of_line_end():
    source = Source("x", "ab\ncd\r\nef\rgh")
    assert [(source.line(i), source.column(i)) for i in (0, 3, 7, 10)] == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert [source.line_text(line) for line in range(1, 5)] == ["ab", "cd", "ef", "gh"]


def test_a_span_knows_its_text_and_both_ends():
    span = Source("x", "one\ntwo three").span(4, 7)
    assert (span.text, span.line, span.column, span.end_line, span.end_column) == ("two", 2, 1, 2, 4)
    assert str(span) == "x:2:1"


def test_an_empty_text_has_one_line():
    assert Source("x", "").lines == 1


def test_spans_join():
    source = Source("x", "a b c")
    assert source.span(0, 1).to(source.span(4, 5)).text == "a b c"


def test_a_file_is_read_without_its_byte_order_mark(tmp_path: Path):
    path = tmp_path / "a.mtl"
    path.write_bytes(b"\xef\xbb\xbftask a\r\n")
    source = load(path)
    assert source.text == "task a\r\n"
    assert source.path == path


def reason(path: Path) -> str:
    with pytest.raises(SourceError) as raised:
        load(path)
    assert raised.value.hint
    return raised.value.reason


def test_a_missing_file_says_so(tmp_path: Path):
    assert reason(tmp_path / "none.mtl") == "it does not exist"


def test_a_folder_says_so(tmp_path: Path):
    assert reason(tmp_path) == "it is a folder"


def test_a_file_that_is_not_utf8_names_the_byte_and_its_line(tmp_path: Path):
    path = tmp_path / "a.mtl"
    path.write_bytes(b"task a\ntask \xff\n")
    assert reason(path) == "it is not UTF-8: byte 12 (line 2) is 0xff"


def test_a_large_file_names_its_size_and_the_limit(tmp_path: Path):
    path = tmp_path / "a.mtl"
    path.write_bytes(b"#" * 10_000_000)
    assert reason(path) == "it has 10.0 MB (10,000,000 bytes), of which at most 1 MB are read"


def test_a_file_of_just_the_limit_is_read(tmp_path: Path):
    path = tmp_path / "a.mtl"
    path.write_bytes(b"#" * LIMIT)
    assert len(load(path).text) == LIMIT


def test_a_binary_file_says_so():
    with pytest.raises(SourceError, match="it is no text: byte 1 is zero"):
        decode("-", b"a\0b")


def test_an_unreadable_file_gives_the_reason_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert reason(tmp_path / "a.mtl") == "permission denied"


def test_a_path_too_long_for_the_system_is_no_crash():
    assert reason(Path("x" * 5000)) == "file name too long"
