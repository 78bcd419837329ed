"""`glm-lsp bench typing` with the real server and engine, from start to nothing left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from glm_lsp.bench.result import Result
from tests.cli_process import COMMAND, CommandLine, make_home
from tests.page_rows import left_out

CODE = "".join(f"def number_{n}(value: int) -> int:\n    return value + {n}\n\n\n" for n in range(40))


@pytest.fixture(scope="module")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return make_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the command keeps its server's home; short, so that the engine's socket lies in it, too."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder).resolve()


def in_folder(command_line: CommandLine, temporary: Path) -> CommandLine:
    return command_line.with_environ(GLM_LSP_MODEL="tiny", TMPDIR=str(temporary), TEMP=str(temporary))


def processes_of(folder: Path) -> list[str]:
    """Command lines and environments are the only marks that servers and engines have in common."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.environ().get("GLM_LSP_HOME", "")]
        except psutil.Error:
            continue
        if any(str(folder) in text for text in told):
            found.append(" ".join(told))
    return found


def test_short_run_has_every_figure_and_leaves_nothing(command_line: CommandLine, temporary: Path) -> None:
    # What a model of random weights writes is hardly ever shown.
    starter = in_folder(command_line, temporary).with_environ(GLM_LSP_MODEL="starter")
    ran = starter("bench", "typing", "--keys", "60", "--speed", "max", "--json")
    assert ran.status == 0, ran.stderr
    found = ran.json
    assert found["keys"] == 60
    assert found["requests"] == found["answered"] > 60
    assert (found["overtaken"], found["cancelled"], found["errors"]) == (0, 0, 0)
    for spread in (found["latency_ms"], found["ttft_ms"], found["latency_by_source_ms"]["model"]):
        assert 0 < spread["p50"] <= spread["p95"] <= spread["p99"] <= spread["max"]
    for name in ("reused_prompt_ratio", "typed_through_ratio", "kept_chars_ratio", "shown_precision"):
        assert 0 <= found[name] <= 1
    assert found["reused_prompt_ratio"] > 0
    cold = found["cold_start_ms"]
    assert 0 < cold["initialize"] < cold["ready"] < cold["first_completion"]
    assert found["model"] == "starter"
    assert found["machine"]
    assert found["parameters"]["trace"]["keys"] >= 2_000
    assert left_out(msgspec.convert({name: found[name] for name in Result.__struct_fields__}, Result)) == []
    assert list(temporary.glob("glm-lsp-*")) == []
    assert processes_of(temporary) == []


def test_person_who_types_faster_than_answers_come_is_followed(
    command_line: CommandLine, temporary: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(CODE)
    ran = in_folder(command_line, temporary)(
        "bench", "typing", "--files", str(tmp_path / "mine.py"), "--speed", "1000", "--keys", "150", "--seed", "3",
        "--output", str(tmp_path / "out"), "--plots",
    )  # fmt: skip
    assert ran.status == 0, ran.stderr
    assert "all keys" in ran.stdout
    stored = json.loads(next((tmp_path / "out").glob("typing-*.json")).read_text())
    figures = stored["figures"]
    assert figures["overtaken"] > 0
    assert figures["answered"] + figures["overtaken"] + figures["errors"] == figures["requests"]
    assert figures["errors"] == 0
    assert stored["parameters"]["speed"] == 1000
    pictures = {path.name.partition("-")[2][16:] for path in (tmp_path / "out").glob("*.svg")}
    assert pictures == {"latency.svg", "reuse.svg"}


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["--speed", "fast"], "GLM-100", 2),
        (["--keys", "0"], "GLM-100", 2),
        (["--model", "none"], "GLM-201", 1),
        (["--files"], "GLM-100", 2),
        (["--package", "flask"], "GLM-100", 2),
        (["nowhere.xz"], "GLM-100", 2),
        (["--files", "nowhere.py"], "GLM-101", 2),
        (["--plots"], "GLM-100", 2),
        (["--threads", "-1"], "GLM-105", 2),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    command_line: CommandLine, arguments: list[str], code: str, status: int
) -> None:
    ran = command_line("bench", "typing", *arguments)
    assert (ran.status, ran.stdout) == (status, "")
    assert ran.stderr.startswith(code)
    assert "Traceback" not in ran.stderr


def test_model_that_cannot_be_served_is_told_as_it_is(
    command_line: CommandLine, temporary: Path, tmp_path: Path
) -> None:
    shutil.copytree(command_line.home / "models" / "tiny", tmp_path / "damaged")
    for data in (tmp_path / "damaged").glob("*.onnx*"):
        data.write_bytes(b"")
    ran = in_folder(command_line, temporary)("bench", "typing", "--model", str(tmp_path / "damaged"))
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.stderr.splitlines()[-2].startswith("GLM-203: in ")
    assert processes_of(temporary) == []
    assert list(temporary.glob("glm-lsp-*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("when", ["at once", "while it types"])
def test_interruption_leaves_nothing(command_line: CommandLine, temporary: Path, when: str) -> None:
    environ = in_folder(command_line, temporary).environ
    process = subprocess.Popen(
        [*COMMAND, "bench", "typing", "--speed", "1"],
        env=environ, cwd=command_line.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: any(temporary.glob("glm-lsp-*/server.log")))
    if when == "while it types":
        wait_for(lambda: any(temporary.glob("glm-lsp-*/run/*.json")))
        time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr.decode()
    assert b"Traceback" not in stderr
    # Interrupted in the very moment of its start, the server goes when it finds its pipe closed.
    wait_for(lambda: processes_of(temporary) == [], within_s=10)
    assert list(temporary.glob("glm-lsp-*")) == []


def wait_for(condition, within_s: float = 60) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
