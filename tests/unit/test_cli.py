"""What becomes of a command's result, its errors and its output streams."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from glm_lsp import cli, terminal
from glm_lsp.errors import GlmError, ModelNotFoundError, PositionError, SettingError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    return tmp_path


def failing(error: BaseException) -> int:
    def command(_: list[str]) -> object:
        raise error

    return terminal.run(command, [])


@pytest.mark.parametrize(("result", "status"), [(None, 0), (0, 0), (1, 1), (75, 75), ("text", 0)])
def test_status_of_a_command_is_what_it_returns(result: object, status: int) -> None:
    assert terminal.run(lambda _: result, []) == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PositionError("x"), 2),
        (SettingError("x"), 2),
        (ModelNotFoundError("x"), 1),
        (GlmError("x"), 1),
        (ValueError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_status_of_an_error(error: BaseException, status: int) -> None:
    assert failing(error) == status


def test_error_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    failing(PositionError("the cause", "The remedy."))
    assert tuple(capsys.readouterr()) == ("", "GLM-104: the cause.\n  The remedy.\n")


def test_error_is_json_when_json_was_asked_for(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    def command(_: list[str]) -> object:
        raise PositionError("ü", "The remedy.")

    assert terminal.run(command, ["show", "--json"]) == 2
    out, err = capsysbinary.readouterr()
    assert json.loads(out) == {"error": {"code": "GLM-104", "cause": "ü", "remedy": "The remedy."}}
    assert err == b""


def test_interrupt_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt())
    assert tuple(capsys.readouterr()) == ("", "")


def test_unforeseen_error_leaves_its_traceback_in_a_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ZeroDivisionError("planted"))
    log = home / "logs" / terminal.CRASH_FILE
    shown = capsys.readouterr().err
    assert shown.startswith("GLM-000: the program failed unexpectedly (ZeroDivisionError: planted)")
    assert str(log) in shown
    assert "Traceback" not in shown
    assert "Traceback" in log.read_text()


def test_unforeseen_error_is_told_even_where_no_file_can_be_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("GLM_LSP_HOME", str(home / "file"))
    failing(ZeroDivisionError("planted"))
    assert "planted" in capsys.readouterr().err


def test_json_holds_what_is_not_utf_8(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A file name with a stray byte reaches Python as a lone surrogate."""
    terminal.print_json({"path": "caf\udce9", "emoji": "🙂"})
    out = capsysbinary.readouterr().out
    assert "🙂".encode() in out
    assert json.loads(out) == {"path": "caf\udce9", "emoji": "🙂"}


def test_text_the_terminal_cannot_show_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    assert terminal.run(lambda _: print("é"), []) == 0
    assert buffer.getvalue() == b"\\xe9\n"


def test_group_without_a_command_shows_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["glm-lsp", "model"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (2, "")
    assert "verify" in err
