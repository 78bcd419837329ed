"""`glm-lsp eval` as a shell runs it, on the built-in model."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.cli_process import COMMAND, CommandLine, press_ctrl_c

SOURCE = """def area(radius: float, scale: float = 1.0) -> float:
    value = math.pi * radius ** 2
    return value * scale
"""
MEASURE = ("eval", "lines", "--files", "circle.py", "--limit", "3", "--json")


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    home = tmp_path_factory.mktemp("home")
    (home / "circle.py").write_text(SOURCE)
    return CommandLine(home)


def test_near_and_far_the_same_model_gives_the_same_report(cli: CommandLine) -> None:
    near = cli(*MEASURE)
    assert (near.status, near.stderr) == (0, "")
    socket = cli.home / "e.sock"
    with subprocess.Popen(
        [*COMMAND, "engine", "--listen", f"unix:{socket}"], env=cli.environ, stderr=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stderr is not None
        try:
            assert any("serving" in line for line in engine.stderr)
            far = cli(*MEASURE, "--engine-url", f"unix:{socket}")
        finally:
            engine.terminate()
            engine.wait(timeout=20)
    assert (far.status, far.stderr) == (0, "")
    assert far.json == near.json | {"engine": f"unix:{socket}"}
    assert near.json["engine"] == "in this process"


def test_an_error_as_json_is_all_of_stdout(cli: CommandLine) -> None:
    result = cli("eval", "lines", "absent.jsonl", "--json")
    assert (result.status, result.stderr) == (2, "")
    assert "absent.jsonl" in result.json["error"]["cause"]


@pytest.mark.parametrize("measure", ["infill", "lines", "bytes", "typing", "docstring"])
def test_more_tasks_than_any_data_have_are_refused(cli: CommandLine, measure: str) -> None:
    result = cli("eval", measure, "--limit", "100001")
    assert (result.status, result.stdout) == (2, "")
    assert "'--limit'" in result.stderr
    assert "100000" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_ends_without_a_word(cli: CommandLine, tmp_path: Path) -> None:
    with (
        (tmp_path / "err").open("w+") as errors,
        subprocess.Popen(
            [*COMMAND, "eval", "lines", "--limit", "100000"],
            env=cli.environ, stdout=subprocess.PIPE, stderr=errors,
        ) as running,
    ):  # fmt: skip
        process = psutil.Process(running.pid)
        while process.num_threads() < 2:  # the engine has one of its own
            time.sleep(0.05)
        press_ctrl_c(running)
        out, _ = running.communicate(timeout=10)
        errors.seek(0)
        assert (running.returncode, out) == (130, b"")
        assert "Traceback" not in errors.read()
