"""What people get wrong, and what breaks under them: always a code, a cause and a remedy, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli_process import COMMAND, CommandLine, Finished, make_home

LINUX_NOT_ROOT = sys.platform == "linux" and os.getuid() != 0


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    command_line = make_home(tmp_path_factory.mktemp("home"))
    home = command_line.home
    (home / "a.py").write_text("ab\ncd\n")
    (home / "latin.py").write_bytes(b"ok\ncaf\xe9\n")
    (home / "binary.py").write_bytes(b"\x7fELF\0")
    (home / "huge.py").write_bytes(b"x" * (10 * 2**20 + 1))
    return command_line


def check(result: Finished, code: str, status: int, *words: str) -> None:
    """One message on stderr, nothing on stdout."""
    assert result.stderr.startswith(f"{code}: ")
    assert (result.status, result.stdout) == (status, "")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) >= 2, "a cause and a remedy"
    for word in words:
        assert word in result.stderr


WRONG = [
    (("complete",), "GLM-100", 2, "missing argument"),
    (("complete", "a.py"), "GLM-100", 2, "names no line"),
    (("complete", "a.py:1", "-n", "0"), "GLM-100", 2, "-n"),
    (("complete", "a.py:1", "-n", "many"), "GLM-100", 2, "-n"),
    (("complete", "a.py:1", "--modle", "x"), "GLM-100", 2, "--model"),
    (("completes", "a.py:1"), "GLM-100", 2, "completes"),
    (("model", "lits"), "GLM-100", 2, "lits"),
    (("model", "list", "surplus"), "GLM-100", 2, "surplus"),
    (("complete", "missing.py:1"), "GLM-101", 2, "missing.py"),
    (("complete", ".:1"), "GLM-102", 2, "is a folder"),
    (("complete", "binary.py:1"), "GLM-102", 2, "NUL"),
    (("complete", "latin.py:1"), "GLM-102", 2, "line 2"),
    (("complete", "huge.py:1"), "GLM-103", 2, "10.0 MiB"),
    (("complete", "a.py:9"), "GLM-104", 2, "3 lines"),
    (("complete", "a.py:1:9"), "GLM-104", 2, "2 characters"),
    (("complete", "a.py:0"), "GLM-104", 2, "no line 0"),
    (("engine", "--device", "gpu"), "GLM-105", 2, "device"),
    (("engine", "--threads", "-1"), "GLM-105", 2, "threads"),
    (("complete", "a.py:1", "--model", "tinny"), "GLM-201", 1, "did you mean tiny"),
    (("model", "show", "nope"), "GLM-201", 1, "nope"),
    (("model", "verify", "."), "GLM-202", 1, "glm-lsp.json"),
    (("engine", "--device", "cuda", "--listen", "unix:cuda.sock"), "GLM-303", 1, "CUDA"),
    (("engine", "--listen", "somewhere"), "GLM-402", 1, "somewhere"),
    (("engine", "--listen", "0.0.0.0:9"), "GLM-402", 1, "--allow-remote"),
    (("engine", "--listen", "0.0.0.0:9", "--allow-remote"), "GLM-402", 1, "token"),
    (("engine", "--listen", "https://a.example"), "GLM-402", 1, "URL"),
    (("engine", "--listen", "unix:" + "x" * 200), "GLM-402", 1, "bytes"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "status", "word"), WRONG, ids=[" ".join(w[0])[:40] for w in WRONG]
)
def test_wrong_use_and_missing_things(
    cli: CommandLine, arguments: tuple[str, ...], code: str, status: int, word: str
) -> None:
    result = cli(*arguments)
    lines = [line for line in result.stderr.splitlines() if " INFO " not in line and " ERROR " not in line]
    check(Finished(result.status, result.stdout, "\n".join(lines)), code, status, word)


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("complete", "missing.py:1", "--json"), "GLM-101", 2),
        (("complete", "--json"), "GLM-100", 2),
        (("model", "show", "nope", "--json"), "GLM-201", 1),
        (("config", "show", "--jsn", "--json"), "GLM-100", 2),
    ],
)
def test_errors_are_json_when_json_was_asked_for(
    cli: CommandLine, arguments: tuple[str, ...], code: str, status: int
) -> None:
    result = cli(*arguments)
    error = result.json["error"]
    assert error.keys() == {"code", "cause", "remedy"}
    assert (error["code"], result.status, result.stderr) == (code, status, "")
    assert all(error.values())


def _truncate(model: Path) -> None:
    (model / "model.onnx.data").write_bytes(b"short")


def _flip_a_byte(model: Path) -> None:
    data = bytearray((model / "model.onnx.data").read_bytes())
    data[len(data) // 2] ^= 1
    (model / "model.onnx.data").write_bytes(data)


def _break_tokenizer(model: Path) -> None:
    _replace(model, "tokenizer.json", b"{}")


def _break_graph(model: Path) -> None:
    _replace(model, "model.onnx", b"\x08\x0a")


def _replace(model: Path, name: str, content: bytes) -> None:
    """With a manifest that agrees: the damage was done before the hashes were taken."""
    from hashlib import sha256

    (model / name).write_bytes(content)
    manifest = json.loads((model / "glm-lsp.json").read_text())
    manifest["files"][name] = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    (model / "glm-lsp.json").write_text(json.dumps(manifest))


def _edit_manifest(model: Path, **changes: object) -> None:
    manifest = json.loads((model / "glm-lsp.json").read_text())
    (model / "glm-lsp.json").write_text(json.dumps(manifest | changes))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "weights are missing": (lambda model: (model / "model.onnx.data").unlink(), "GLM-203"),
    "weights are truncated": (_truncate, "GLM-203"),
    "one bit is flipped": (_flip_a_byte, "GLM-203"),
    "manifest is no json": (lambda model: (model / "glm-lsp.json").write_text("{"), "GLM-202"),
    "manifest is of the future": (lambda model: _edit_manifest(model, format_version=99), "GLM-204"),
    "unknown profile": (lambda model: _edit_manifest(model, prompt_profile="none"), "GLM-207"),
    "tokenizer is damaged": (_break_tokenizer, "GLM-207"),
    "graph is damaged": (_break_graph, "GLM-3"),
    "config is no json": (lambda model: _replace(model, "config.json", b"{"), "GLM-206"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_model_is_refused_by_complete_and_diagnosed_by_doctor(
    cli: CommandLine, tmp_path: Path, damage: str
) -> None:
    shutil.copytree(cli.home / "models", tmp_path / "models")
    (tmp_path / "a.py").write_text("x = ")
    break_it, code = DAMAGE[damage]
    break_it(tmp_path / "models" / "tiny")
    broken = CommandLine(tmp_path, GLM_LSP_MODEL="tiny")
    error = broken("complete", "a.py:1", "--json").json["error"]
    assert error["code"].startswith(code)
    report = broken("doctor", "--json")
    failed = [finding for finding in report.json["findings"] if finding["verdict"] == "fail"]
    assert any(error["code"] in finding["finding"] and finding["fix"] for finding in failed)
    assert report.status == 1


def test_verify_names_the_damaged_file(cli: CommandLine, tmp_path: Path) -> None:
    shutil.copytree(cli.home / "models", tmp_path / "models")
    _flip_a_byte(tmp_path / "models" / "tiny")
    broken = CommandLine(tmp_path)
    result = broken("model", "verify", "tiny")
    assert result.status == 1
    assert "model.onnx.data      has other contents" in result.stdout
    assert "GLM-203" in result.stderr
    found = broken("model", "verify", "tiny", "--json")
    assert (found.status, found.json["intact"], found.stderr) == (1, False, "")


def test_home_that_is_a_file_is_named(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CommandLine(tmp_path / "file")("engine", cwd=tmp_path)
    check(result, "GLM-500", 1, str(tmp_path / "file"))
    report = CommandLine(tmp_path / "file")("doctor", "--json", cwd=tmp_path)
    failed = {f["check"] for f in report.json["findings"] if f["verdict"] == "fail"}
    assert failed >= {"cache folder", "runtime folder", "log folder", "models folder"}


def test_full_disk_is_told(cli: CommandLine, tmp_path: Path) -> None:
    """A file size limit makes writing fail as a full disk does, at the doctor's probe."""
    program = (
        "import errno, pathlib, sys\n"
        "def refuse(*_, **__): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "pathlib.Path.mkdir = refuse\n"
        "from glm_lsp.cli import main\n"
        "sys.argv = ['glm-lsp', 'engine']\n"
        "main()\n"
    )
    environ = CommandLine(tmp_path).environ
    result = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False
    )
    check(Finished(result.returncode, result.stdout, result.stderr), "GLM-501", 1, "no space left")


def test_broken_config_file_is_a_warning_and_doctor_names_it(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("threads = = 2")
    report = CommandLine(tmp_path)("doctor", "--json").json
    settings = [finding for finding in report["findings"] if finding["check"] == "settings"]
    assert "config.toml" in settings[0]["finding"]
    assert settings[0]["verdict"] == "warn"


def test_taken_port_is_told(cli: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = cli("engine", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert result.status == 1
    assert "GLM-402" in result.stderr
    assert "Traceback" not in result.stderr


def test_second_engine_at_one_address_leaves_with_its_own_status(cli: CommandLine) -> None:
    address = f"unix:{cli.home / 'two.sock'}"
    with subprocess.Popen(
        [*COMMAND, "engine", "--listen", address], env=cli.environ, stderr=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stderr is not None
        assert any("serving tiny" in line for line in engine.stderr)
        assert cli("engine", "--listen", address).status == 75
        engine.terminate()


HIDE_RUNTIME = "import sys\nsys.modules['onnxruntime'] = None\nfrom glm_lsp.cli import main\nmain()\n"
TWO_RUNTIMES = (
    "from importlib import metadata\nversion = metadata.version\n"
    "metadata.version = lambda name: '1.30.0' if name == 'onnxruntime-gpu' else version(name)\n"
    "from glm_lsp.cli import main\nmain()\n"
)


@pytest.mark.parametrize(("program", "code"), [(HIDE_RUNTIME, "GLM-301"), (TWO_RUNTIMES, "GLM-302")])
def test_missing_or_double_onnx_runtime(cli: CommandLine, program: str, code: str) -> None:
    command = [sys.executable, "-c", program, "complete", "a.py:1"]
    result = subprocess.run(
        command, env=cli.environ, cwd=cli.home, capture_output=True, text=True, check=False
    )
    check(Finished(result.returncode, result.stdout, result.stderr), code, 1, "make install")


def test_unforeseen_error_is_one_message_and_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    program = (
        "from glm_lsp import cli, config\n"
        "def broken(*_): raise ZeroDivisionError('planted')\n"
        "config.load = broken\n"
        "cli.main()\n"
    )
    command = [sys.executable, "-c", program, "config", "show"]
    environ = CommandLine(tmp_path).environ
    result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    log = tmp_path / "logs" / "crash.log"
    check(Finished(result.returncode, result.stdout, result.stderr), "GLM-000", 1, "planted", str(log))
    assert "Traceback" in log.read_text()
