"""`glm-lsp bench compare` as a shell runs it, without and with a peer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from tests.cli_process import COMMAND, CommandLine
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="unix sockets and a parent's death")


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    tiny_model(tmp_path)
    (tmp_path / "home").mkdir()
    return CommandLine(tmp_path / "home")


def test_the_engine_is_measured_and_missing_peers_are_named(cli: CommandLine, tmp_path: Path) -> None:
    found = cli(
        "bench", "compare", "--model", str(tmp_path / "tiny"), "--environments", str(tmp_path), "--threads", "1",
        "--keys", "12", "--lengths", "300", "--json", "--output", str(tmp_path / "results"), "--plots",
    )  # fmt: skip
    assert found.status == 0, found.stderr
    assert "make peer-llama_cpp" in found.stderr
    engine = found.json["figures"]["engines"]["glm-lsp"]
    assert engine["agreement"]["answers"] == 1
    assert engine["request_ms"]["p50"] > 0
    assert found.json["figures"]["keystroke_ms_by_prompt_tokens"]["300"]["glm-lsp"] > 0
    assert found.json["parameters"]["keys"] == 12
    pictures = {path.suffix for path in (tmp_path / "results").iterdir()}
    assert pictures == {".json", ".svg", ".png"}


def test_wrong_uses_are_told(cli: CommandLine, tmp_path: Path) -> None:
    for arguments in (["nobody"], ["--lengths", "1000,many"], ["--trace", "nothing.xz"]):
        found = cli("bench", "compare", "--environments", str(tmp_path), *arguments)
        assert (found.status, found.stdout) == (2, ""), arguments
        assert "GLM-1" in found.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_stays_behind(cli: CommandLine, tmp_path: Path, number: signal.Signals) -> None:
    """Whether the engine runs at that moment or is stopped."""
    command = [
        *COMMAND,
        "bench",
        "compare",
        "--model",
        str(tmp_path / "tiny"),
        "--environments",
        str(tmp_path),
    ]
    with tempfile.TemporaryDirectory(prefix="glm-") as room, (tmp_path / "output").open("wb") as output:
        # What was killed cannot clear its own folder away.
        environ = cli.environ | {"TMPDIR": room}
        running = subprocess.Popen(
            [*command, "--threads", "1", "--keys", "30"],
            env=environ,
            cwd=tmp_path,
            stdout=output,
            stderr=output,
        )
        engine = until_stopped(running.pid)
        os.kill(running.pid, number)
        assert running.wait(60) in (130, -number)
        psutil.wait_procs([engine], timeout=30)
        assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
        if number == signal.SIGINT:
            assert not list(Path(room).glob("glm-*"))


def until_stopped(pid: int) -> psutil.Process:
    """The engine of a comparison, once it has been stopped for the first time."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            if child.status() == psutil.STATUS_STOPPED:
                return child
        time.sleep(0.005)
    raise AssertionError("no engine was started and stopped")
