"""The commands as a shell runs them, with a tiny model: what they print, where, and how they end."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glm_lsp import __version__
from tests.cli_process import COMMAND, CommandLine, make_home

SOURCE = "def read_numbers(path):\n    with open(path) as file:\n        return \n"
JSON_KEYS = {
    "text", "mode", "finish_reason", "score", "source", "num_prompt_tokens", "num_cached_tokens",
    "num_completion_tokens", "timing_ms",
}  # fmt: skip


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    command_line = make_home(tmp_path_factory.mktemp("home"))
    (command_line.home / "a.py").write_text(SOURCE)
    # What a model of random weights writes is no Python, and would not be shown.
    (command_line.home / "a.txt").write_text(SOURCE)
    return command_line


def test_version_is_data_and_comes_at_once(cli: CommandLine) -> None:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        result = cli("--version")
        times.append(time.perf_counter() - started)
        assert (result.status, result.stdout, result.stderr) == (0, f"glm-lsp {__version__}\n", "")
    print(f"--version: {statistics.median(times) * 1e3:.0f} ms")
    assert min(times) < 1


@pytest.mark.parametrize("command", [(), ("model",), ("config",)])
def test_help_without_a_command_is_talk_and_wrong_use(cli: CommandLine, command: tuple[str, ...]) -> None:
    result = cli(*command)
    assert (result.status, result.stdout) == (2, "")
    assert "Usage:" in result.stderr


@pytest.mark.parametrize(
    "command", [(), ("serve",), ("complete",), ("engine",), ("doctor",), ("model", "verify")]
)
def test_help_is_data(cli: CommandLine, command: tuple[str, ...]) -> None:
    result = cli(*command, "--help")
    assert (result.status, result.stderr) == (0, "")
    assert "Usage:" in result.stdout


def test_program_is_installed_under_its_name(cli: CommandLine) -> None:
    program = shutil.which("glm-lsp", path=str(Path(sys.executable).parent))
    assert program is not None
    result = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"glm-lsp {__version__}\n"


def test_complete_prints_the_text_alone(cli: CommandLine) -> None:
    result = cli("complete", "a.txt:3")
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout.strip()


def test_complete_as_json_has_the_promised_keys(cli: CommandLine) -> None:
    result = cli("complete", "a.txt:3", "--json")
    found = result.json
    assert found.keys() >= JSON_KEYS
    assert found["text"] == cli("complete", "a.txt:3").stdout.removesuffix("\n")
    assert found["source"] == "model"
    assert found["mode"] in ("LINE", "BLOCK")
    assert 0 < found["score"] <= 1
    assert found["num_prompt_tokens"] > 10
    assert found["num_cached_tokens"] == 0
    assert found["num_completion_tokens"] > 0
    assert found["timing_ms"]["total"] > 0


def test_several_candidates_differ_and_the_first_is_the_greedy_one(cli: CommandLine) -> None:
    several = cli("complete", "a.txt:3", "-n", "3", "--json").json["candidates"]
    texts = [candidate["text"] for candidate in several]
    assert len(set(texts)) == len(texts) > 1
    assert texts[0] == cli("complete", "a.txt:3", "--json").json["text"]


def test_why_tells_the_story_of_one_request(cli: CommandLine) -> None:
    told = cli("why", "a.txt:3", "--json").json
    assert (told["trigger"], told["source"], told["trims"]) == ("automatic", "model", True)
    assert told["candidates"][0]["model_text"]
    assert bool(told["shown"]) == (not told["reason"])
    assert told["context"]["prompt_tokens"] > 10
    by_hand = cli("why", "a.txt:3", "--invoked", "--json").json
    assert (by_hand["trigger"], by_hand["threshold"]) == ("invoked", 0.0)
    assert by_hand["shown"][0] == cli("complete", "a.txt:3", "--json").json["text"]
    result = cli("why", "a.py:1:2")
    assert (result.status, result.stderr) == (0, "")
    assert "nothing      inside_word: the cursor stands inside a word" in result.stdout


def test_nothing_to_suggest_is_no_failure_and_says_why(cli: CommandLine) -> None:
    result = cli("complete", "a.py:1:2")
    assert (result.status, result.stdout) == (0, "")
    assert "no suggestion: the cursor stands inside a word" in result.stderr
    found = cli("complete", "a.py:1:2", "--json").json
    assert (found["text"], found["reason"], found["candidates"]) == ("", "inside_word", [])


def test_complete_takes_a_model_folder(cli: CommandLine) -> None:
    folder = str(cli.home / "models" / "tiny")
    assert cli("complete", "a.py:3", "--model", folder, "--json").json["model"] == folder


def test_model_list_names_the_installed_model(cli: CommandLine) -> None:
    assert "tiny" in cli("model", "list").stdout
    entries = {entry["name"]: entry for entry in cli("model", "list", "--json").json}
    assert entries["tiny"]["error"] is None
    assert entries["tiny"]["built_in"] is False


def test_model_show_tells_the_manifest(cli: CommandLine) -> None:
    found = cli("model", "show", "--json").json
    assert (found["name"], found["precision"], found["prompt_profile"]) == ("tiny", "fp32", "codegeex4")
    assert set(found["files"]) == {"config.json", "model.onnx", "model.onnx.data", "tokenizer.json"}
    assert "codegeex4" in cli("model", "show").stdout


def test_model_verify_finds_an_intact_model_intact(cli: CommandLine) -> None:
    found = cli("model", "verify", "tiny", "--json").json
    assert found["intact"] is True
    assert len(found["files"]) == 4
    assert cli("model", "verify", "tiny").stdout.count("intact") == 4


def test_config_show_names_values_and_origins(cli: CommandLine) -> None:
    result = cli.with_environ(GLM_LSP_THREADS="2", GLM_LSP_DEVICE="gpu")("config", "show", "--json").json
    rows = {row["name"]: (row["value"], row["origin"]) for row in result["settings"]}
    assert rows["model"] == ("tiny", "environment")
    assert rows["threads"] == (2, "environment")
    assert rows["device"] == ("auto", "default")
    assert len(result["warnings"]) == 1
    assert result["config_file"] == str(cli.home / "config.toml")
    shown = cli("config", "show")
    assert "environment" in shown.stdout
    assert "config.toml" in shown.stderr


def test_doctor_finds_the_tiny_model_working(cli: CommandLine) -> None:
    result = cli("doctor", "--json")
    report = result.json
    verdicts = {finding["check"]: finding["verdict"] for finding in report["findings"]}
    assert verdicts["completion"] == "ok"
    assert verdicts["model files"] == "ok"
    assert result.status == (1 if report["verdict"] == "fail" else 0)
    assert len(verdicts) >= 20


def test_doctor_prints_a_verdict_in_its_last_line(cli: CommandLine) -> None:
    assert cli("doctor").stdout.strip().splitlines()[-1].startswith("Completions ")


def test_serve_ends_when_its_editor_closes_the_pipe(cli: CommandLine) -> None:
    result = cli("serve", "--stdio")
    assert (result.status, result.stdout) == (0, "")


def test_engine_serves_until_it_is_told_to_leave(cli: CommandLine) -> None:
    socket = cli.home / "e.sock"
    with subprocess.Popen(
        [*COMMAND, "engine", "--listen", f"unix:{socket}"], env=cli.environ, stderr=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stderr is not None
        assert any("serving tiny" in line for line in engine.stderr)
        running = [f for f in cli("doctor", "--json").json["findings"] if f["check"] == "running engines"]
        assert str(engine.pid) in running[0]["finding"]
        there = ("complete", "a.py:3", "--engine-url", f"unix:{socket}", "--json")
        first, second = cli(*there).json, cli(*there).json
        assert (first["model"], first["num_cached_tokens"]) == ("tiny", 0)
        assert second["num_cached_tokens"] > 0
        engine.terminate()
        assert engine.wait(timeout=20) == 0
    assert not socket.exists()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_ends_without_a_word(cli: CommandLine) -> None:
    with subprocess.Popen(
        [*COMMAND, "engine", "--listen", f"unix:{cli.home / 'i.sock'}"],
        env=cli.environ, stderr=subprocess.PIPE, text=True,
    ) as engine:  # fmt: skip
        assert engine.stderr is not None
        assert any("serving tiny" in line for line in engine.stderr)
        engine.send_signal(signal.SIGINT)
        rest = engine.stderr.read()
        assert engine.wait(timeout=20) in (0, 130)
        assert "Traceback" not in rest


@pytest.mark.skipif(os.name == "nt", reason="a shell's pipe")
def test_reader_that_leaves_early_causes_no_complaint(cli: CommandLine) -> None:
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [*COMMAND, "model", "show"], env=cli.environ, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (1, b"")


def test_terminal_without_unicode_gets_escapes_and_json_stays_utf_8(cli: CommandLine) -> None:
    ascii_only = cli.with_environ(PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    (cli.home / "ü.py").write_text("x = ")
    assert ascii_only("complete", "ü.py:9").stderr.isascii()
    assert "ü.py" in ascii_only("complete", "ü.py:9", "--json").json["error"]["cause"]
