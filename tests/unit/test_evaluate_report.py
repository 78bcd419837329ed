"""Held-out text, means with intervals, the model under test, the progress bar, and the report of all that."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import glm_lsp
from glm_lsp import progress
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import EngineError, GlmError, InputError
from glm_lsp.evaluate import report, scores
from glm_lsp.evaluate.held_out import OWN_SOURCES, HeldOut, HeldOutFile, held_out, held_out_files
from glm_lsp.evaluate.subject import Subject, open_subject, text_of
from tests.fakes.scripted_client import Script, ScriptedClient


def split(path: Path, *texts: str) -> Path:
    documents = [
        {"package": "p", "path": f"{i}.py", "language": "python", "text": t} for i, t in enumerate(texts)
    ]
    path.write_text("\n".join(json.dumps(document, ensure_ascii=False) for document in documents), "utf-8")
    return path


def test_a_corpus_split_is_sampled_evenly(tmp_path: Path) -> None:
    path = split(tmp_path / "valid.jsonl", *("x" * 100 for _ in range(50)))
    files = held_out_files(path, 1000)
    assert [file.path for file in files] == [f"{i}.py" for i in range(0, 50, 5)]
    assert len(held_out_files(path, None)) == len(held_out([path], are_files=False).files) == 50


def test_blank_files_are_left_out(tmp_path: Path) -> None:
    path = split(tmp_path / "valid.jsonl", "x = 1\n", "", " \n\t\n", "y = 2\n")
    assert [file.path for file in held_out_files(path, None)] == ["0.py", "3.py"]
    (tmp_path / "full.py").write_text("x = 1\n")
    (tmp_path / "empty.js").write_text("")
    data = held_out([tmp_path / "empty.js", tmp_path / "full.py"], are_files=True)
    assert [file.language for file in data.files] == ["python"]
    assert all(file.text.strip() for file in held_out([], are_files=False).files)


def test_a_split_is_named_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    split(folder / "valid.jsonl", "x = 1\n")
    monkeypatch.chdir(folder)
    assert held_out([Path("valid.jsonl")], are_files=False).description == "corpus/valid.jsonl"


def test_other_languages_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    documents = [
        {"package": "p", "path": f"{i}", "language": "go" if i % 2 else "python", "text": "x" * 100}
        for i in range(40)
    ]
    path = tmp_path / "valid.jsonl"
    path.write_text("\n".join(map(json.dumps, documents)))
    files = held_out_files(path, 500, ("python",))
    assert [file.path for file in files] == ["0", "8", "16", "24", "32"]
    assert held_out_files(path, 500, ("python", "go")) == held_out_files(path, 500)


@pytest.mark.parametrize(
    "content", ["not json", '{"no": "text"}', "[1]", '{"path": "a", "language": "b", "text": 1}', "\xff",
                '{"path": "a", "language": "b", "text": "\\ud800"}'],
)  # fmt: skip
def test_what_is_not_a_split_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "valid.jsonl"
    path.write_text(content, "latin-1")
    with pytest.raises(InputError, match=r"valid\.jsonl.*--files"):
        held_out_files(path, 1000)


def test_a_missing_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.jsonl"):
        held_out([tmp_path / "absent.jsonl"], are_files=False)


def test_line_separators_inside_a_text_do_not_cut_the_split(tmp_path: Path) -> None:
    path = split(tmp_path / "valid.jsonl", "a = '\u2028\x85'\n")
    assert [file.text for file in held_out_files(path, None)] == ["a = '\u2028\x85'\n"]


def test_named_files_and_folders(tmp_path: Path) -> None:
    for name in ("a.py", "b.rs", "c.unknown", ".hidden/d.py", "deep/e.js"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    (tmp_path / "single.py").write_text("y = 2\n")
    data = held_out([tmp_path / "project", tmp_path / "single.py"], are_files=True)
    assert [Path(file.path).name for file in data.files] == ["a.py", "b.rs", "e.js", "single.py"]
    assert [file.language for file in data.files] == ["python", "rust", "javascript", "python"]
    assert data.num_bytes == 24
    assert data.only("rust").files == [data.files[1]]


@pytest.mark.parametrize("paths", [[], ["missing.py"], ["binary.py"], ["empty.py"]])
def test_files_that_cannot_be_used_are_named(tmp_path: Path, paths: list[str]) -> None:
    (tmp_path / "binary.py").write_bytes(b"a\0b")
    (tmp_path / "empty.py").write_text("\n")
    with pytest.raises(InputError, match=paths[0] if paths else "list of files"):
        held_out([tmp_path / path for path in paths], are_files=True)


def test_two_splits_are_wrong_use() -> None:
    with pytest.raises(InputError, match="--files"):
        held_out([Path("a.jsonl"), Path("b.jsonl")], are_files=False)


def test_without_names_it_is_our_own_sources() -> None:
    data = held_out([], are_files=False)
    assert data.description == OWN_SOURCES
    paths = [file.path for file in data.files]
    assert "glm_lsp/evaluate/held_out.py" in paths
    assert paths == sorted(paths)
    assert not [path for path in paths if not path.startswith("glm_lsp/") or not path.endswith(".py")]


def test_hash_tells_data_apart() -> None:
    def one(path: str, text: str) -> str:
        return HeldOut([HeldOutFile(path, "python", text)], "").sha256

    assert len({one("a", "x"), one("b", "x"), one("a", "y"), one("ax", ""), one("a", "x")}) == 4


def test_an_interval_holds_the_mean_and_shrinks_with_the_sample() -> None:
    few, many = (scores.estimate([0, 1, 1, 0] * n, seed=1) for n in (5, 500))
    assert few == scores.estimate([0, 1, 1, 0] * 5, seed=1)
    for found in (few, many):
        assert found.value == 0.5
        assert found.low < 0.5 < found.high
    assert many.high - many.low < (few.high - few.low) / 5
    assert 0.04 < many.high - many.low < 0.055, "1.96 standard errors to either side are 0.044"
    with pytest.raises(ValueError, match="nothing"):
        scores.estimate([], seed=1)


def test_a_ratio_weighs_long_texts_more() -> None:
    found = scores.estimate_ratio([1, 0], [1, 99], seed=1)
    assert found.value == pytest.approx(0.01)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("written", "wanted", "exact", "low", "high"),
    [
        ("a = 1 ", "a = 1", True, 1, 1),
        (" a = 1", "a = 1", False, 1, 1),
        ("a = 2", "a = 1", False, 0.79, 0.81),
        ("", "a = 1", False, 0, 0),
        ("", "", True, 1, 1),
    ],
)
def test_nearness(written: str, wanted: str, exact: bool, low: float, high: float) -> None:
    assert scores.is_exact(written, wanted) is exact
    assert low <= scores.edit_similarity(written, wanted) <= high


def test_a_subject_waits_for_its_engine_and_says_what_it_is() -> None:
    class Context:
        closed = False

        async def __aenter__(self) -> ScriptedClient:
            return ScriptedClient.saying("one", "two")

        async def __aexit__(self, *error: object) -> None:
            self.closed = True

    context = Context()
    with open_subject(context, "http://127.0.0.1:1") as subject:  # type: ignore[arg-type]
        texts = [text_of(subject.complete(CompletionRequest(prompt="x"))) for _ in range(2)]
        assert texts == ["one", "two"]
        assert subject.identity() == {
            "model": "scripted", "precision": None, "model_hash": None, "engine": "http://127.0.0.1:1",
        }  # fmt: skip
    assert context.closed


def test_an_engine_s_error_reaches_the_caller() -> None:
    client = ScriptedClient([Script([[]], error=EngineError("no"))])
    with asyncio.Runner() as runner, pytest.raises(GlmError, match="no"):
        Subject(client, runner).complete(CompletionRequest(prompt="x"))


def found() -> dict[str, object]:
    data = HeldOut([HeldOutFile("a.py", "python", "x")], "one file")

    @dataclass
    class Scores:
        share: scores.Estimate
        missing: None
        count: int

    results = {"group": {"inner": Scores(scores.Estimate(1 / 3, 0.1, 0.9), None, 7)}}
    return report.report("lines", {"model": "m"}, report.describe(data), seed=3, count=9, results=results)


def test_report_says_what_was_measured_on_what() -> None:
    assert json.loads(json.dumps(found())) == {
        "measure": "lines",
        "model": "m",
        "glm_lsp_version": glm_lsp.__version__,
        "data": {
            "description": "one file",
            "sha256": HeldOut([HeldOutFile("a.py", "python", "x")], "").sha256,
            "files": 1,
            "bytes": 1,
        },
        "seed": 3,
        "count": 9,
        "results": {
            "group": {
                "inner": {"share": {"value": 0.3333, "low": 0.1, "high": 0.9}, "missing": None, "count": 7}
            }
        },
    }


def test_report_for_people_has_a_line_for_each_figure() -> None:
    shown = "\n".join(report.lines(found()))
    assert "model                            m" in shown
    assert "      share                      0.3333   (0.1 to 0.9)" in shown
    assert "      missing                    -" in shown


@pytest.mark.parametrize("is_terminal", [False, True])
def test_progress_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress_bar("counting") as bar:
        bar(1, 2)
        bar(2, 2)
    assert ("counting" in stream.getvalue()) is is_terminal
