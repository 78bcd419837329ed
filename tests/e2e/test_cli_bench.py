"""`glm-lsp bench` as a shell runs it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from glm_lsp.bench.result import Result, store
from tests.cli_process import COMMAND, CommandLine, press_ctrl_c
from tests.page_rows import left_out
from tests.tiny_model import tiny_model
from tests.unit.test_bench_result import result


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("home"))


def test_a_stored_result_is_drawn_beside_itself(cli: CommandLine, tmp_path: Path) -> None:
    path = store(result(), tmp_path)
    found = cli("bench", "plot", str(path))
    assert (found.status, found.stdout) == (0, "")
    assert path.with_name(f"{path.stem}-latency.svg").is_file()
    assert f"{path.stem}-latency.png" in found.stderr


def test_figures_of_another_version_are_told_apart(cli: CommandLine, tmp_path: Path) -> None:
    path = store(result(), tmp_path)  # of `engine`, with figures that it does not have
    found = cli("bench", "show", str(path))
    assert (found.status, found.stdout) == (2, "")
    assert "glm-lsp 0.1.0" in found.stderr
    unknown = store(msgspec.structs.replace(result(), command="juggling"), tmp_path)
    assert "1.2346" in cli("bench", "show", str(unknown)).stdout


def test_what_is_no_result_is_wrong_use(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    found = cli("bench", "plot", str(tmp_path / "x.json"))
    assert (found.status, found.stdout) == (2, "")
    assert found.stderr.startswith("GLM-100: ")


def test_the_engine_is_measured_stored_and_drawn(cli: CommandLine, tmp_path: Path) -> None:
    tiny_model(tmp_path)
    found = cli(
        "bench", "engine", "--model", str(tmp_path / "tiny"), "--seconds", "0", "--starts", "1",
        "--threads", "1", "--json", "--output", str(tmp_path / "results"), "--plots",
    )  # fmt: skip
    assert found.status == 0
    assert found.json["environment"]["model"] == "tiny"
    (stored,) = (tmp_path / "results").glob("engine-*.json")
    assert json.loads(stored.read_text("utf-8")) == found.json
    shown = cli("bench", "show", str(stored))
    assert (shown.status, shown.stderr) == (0, "")
    assert "first completion" in shown.stdout
    assert cli("bench", "show", str(stored), "--json").json == found.json
    pictures = {path.name.removeprefix(f"{stored.stem}-") for path in stored.parent.iterdir()} - {stored.name}
    assert pictures == {"decode.png", "decode.svg", "first-token.png", "first-token.svg"}


def test_what_cannot_be_drawn_is_said_at_once(cli: CommandLine) -> None:
    found = cli("bench", "engine", "--plots", "--json")
    assert (found.status, found.stderr) == (2, "")
    assert "--output" in found.json["error"]["remedy"]


@pytest.mark.parametrize("editors", ["", "two", "1,0", "257"])
def test_editors_are_counted_in_numbers(cli: CommandLine, editors: str) -> None:
    found = cli("bench", "load", "--editors", editors)
    assert (found.status, found.stdout) == (2, "")
    assert found.stderr.startswith("GLM-100: ")


def test_editors_on_one_engine(cli: CommandLine, tmp_path: Path) -> None:
    tiny_model(tmp_path)
    found = cli("bench", "load", "--model", str(tmp_path / "tiny"), "--editors", "2", "--seconds", "0.3")
    assert found.status == 0
    assert "slowest/fastest" in found.stdout


def test_a_storm_of_one_request(cli: CommandLine, tmp_path: Path) -> None:
    tiny_model(tmp_path)
    options = ("--model", str(tmp_path / "tiny"), "--rate", "1", "--seconds", "0.1", "--json")
    found = cli("bench", "storm", *options)
    assert found.status in {0, 1}, found.stderr  # whether it was fast enough is not asked here
    assert found.json["figures"]["unanswered"] == 0
    assert found.json["figures"]["last_ms"]["count"] == 1
    # Nothing may have been cancelled.
    assert set(left_out(msgspec.convert(found.json, Result))) <= {"cancelled_ms"}


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_leaves_no_engine_behind(cli: CommandLine, tmp_path: Path) -> None:
    tiny_model(tmp_path)
    options = ("--model", str(tmp_path / "tiny"), "--editors", "2", "--seconds", "600")
    with (
        (tmp_path / "err").open("w+") as errors,
        subprocess.Popen([*COMMAND, "bench", "load", *options], env=cli.environ, stderr=errors) as running,
    ):
        process = psutil.Process(running.pid)
        while not (engines := process.children()) and running.poll() is None:
            time.sleep(0.05)
        press_ctrl_c(running)
        errors.seek(0)
        assert "Traceback" not in errors.read()
        assert running.wait(timeout=10) == 130
    assert engines
    assert not any(engine.is_running() for engine in engines)
