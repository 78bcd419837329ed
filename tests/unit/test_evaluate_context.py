"""What other files are worth: the tasks, what a model is shown, and the figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from glm_lsp import cli
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import Choice, CompletionChunk, CompletionRequest, PromptTokensDetails, Usage
from glm_lsp.errors import InputError
from glm_lsp.evaluate import context, context_projects
from glm_lsp.evaluate.context import SETS
from glm_lsp.references.candidate import ALL_KINDS, Kind
from glm_lsp.references.plan import Way
from tests.fakes.editor import put


class Echo:
    """Answers every request with one text, and keeps the requests."""

    def __init__(self, text: str = "nothing") -> None:
        self.text = text
        self.requests: list[CompletionRequest] = []

    def complete(self, request: CompletionRequest) -> list[CompletionChunk]:
        self.requests.append(request)
        usage = Usage(
            prompt_tokens=100,
            completion_tokens=2,
            total_tokens=102,
            prompt_tokens_details=PromptTokensDetails(90),
        )
        choices = [] if request.glm.warm_up else [Choice(index=0, text=self.text, finish_reason="stop")]
        return [CompletionChunk(id="", created=0, model="", choices=choices, usage=usage)]

    def describe(self) -> EngineDescription:
        return EngineDescription(model="echo", context_length=2048, copies=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {}
    for name in ("one", "two", "three", "four", "five", "six"):
        lines = "".join(
            f"    value_{name}_{number} = shared_{number}(alpha, beta).only_in_{name}_{number}()\n"
            for number in range(30)
        )
        files[f"package/{name}.py"] = f"import os\n\n\ndef function_{name}(alpha, beta):\n{lines}"
    files |= {
        "package/.hidden.py": "secret = 1\n",
        ".git/x.py": "x = 1\n",
        "blank.py": "\n",
        "data.bin": "\0",
    }
    put(tmp_path, files)
    return tmp_path


def test_projects_are_read_and_drawn_from_alike(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    put(other, {"a.js": "let a = f(1, 2);\n" * 20, "b.js": "let b = g(1, 2);\n" * 20})
    projects = context_projects.read_projects([project / "package", other])
    assert [len(each.files) for each in projects] == [6, 2]
    assert {file.path for file in projects[1].files} == {"a.js", "b.js"}
    tasks = context.draw(projects, 20, seed=1)
    assert tasks == context.draw(projects, 20, seed=1)
    assert tasks != context.draw(projects, 20, seed=2)
    assert [sum(task.project is each for task in tasks) for each in projects] == [10, 10]
    data = context_projects.describe(projects)
    assert data.description == "package, other"
    assert len(data.files) == 8


@pytest.mark.parametrize("files", [{}, {"a.py": "x = 1\n"}, {"a.py": "x = 1\n", "b.bin": "y\n"}])
def test_a_project_has_several_files(tmp_path: Path, files: dict[str, str]) -> None:
    put(tmp_path, files)
    with pytest.raises(InputError):
        context_projects.read_projects([tmp_path])


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("kinds", SETS.values(), ids=SETS)
def test_references_are_used_as_the_way_says(project: Path, way: Way, kinds: frozenset[Kind]) -> None:
    tasks = context.draw(context_projects.read_projects([project]), 6, seed=1)
    echo = Echo()
    written = context.write(echo, tasks, way, kinds)
    plain = Echo()
    context.write(plain, tasks, None, ALL_KINDS)
    answers = [request for request in echo.requests if not request.glm.warm_up]
    assert len(answers) == len(tasks)
    for task, request, bare, each in zip(tasks, answers, plain.requests[1::2], written, strict=True):
        texts = "".join(reference.text for reference in request.glm.references)
        before = request.glm.text_before.removesuffix(bare.glm.text_before)
        assert bool(texts) <= (way is Way.PROMPT)
        assert bool(before) <= (way is Way.LOOKUP)
        assert request.prompt == bare.prompt
        assert each.num_chars == len(texts) or way is Way.LOOKUP
        # The answer is nowhere to be read, neither on disk nor in what was open before.
        assert task.line.wanted.strip() not in texts + before or "only_in" not in task.line.wanted
        own = task.line.path.removeprefix("package/").removesuffix(".py")
        assert f"only_in_{own}" not in texts + before
    if kinds != {Kind.DEFINITIONS}:
        assert any(each.num_chars > 0 for each in written)


def test_the_prompt_is_known_but_for_the_last_key(project: Path) -> None:
    tasks = context.draw(context_projects.read_projects([project]), 3, seed=1)
    echo = Echo()
    context.write(echo, tasks, None, frozenset())
    for known, asked in zip(echo.requests[::2], echo.requests[1::2], strict=True):
        assert known.glm.warm_up
        assert not asked.glm.warm_up
        assert asked.prompt_text[:-1] == known.prompt
        assert asked.glm.mode == "LINE"


def test_figures(project: Path) -> None:
    tasks = context.draw(context_projects.read_projects([project]), 4, seed=1)

    def written(texts: list[str]) -> list[context.Written]:
        return [
            context.Written(text, Usage(
                prompt_tokens=100 * number, completion_tokens=1, total_tokens=1,
                prompt_tokens_details=PromptTokensDetails(50 * number),
            ), 10.0 * number, 20.0, 5.0, 300)
            for number, text in enumerate(texts, start=1)
        ]  # fmt: skip

    right = [task.line.wanted for task in tasks]
    without = written([right[0], right[1], "?", "?"])
    found = context.summarise(tasks, written([right[0], "?", right[2], right[3]]), without, seed=1)
    assert (found.gained, found.lost, found.num_tasks) == (2, 1, 4)
    assert found.exact_match.value == 0.75
    assert 0.75 <= found.edit_similarity.value < 1
    assert found.num_prompt_tokens == 250
    assert found.cached_ratio == 0.5
    assert (found.ms, found.cold_ms, found.gather_ms, found.reference_chars) == (25.0, 20.0, 5.0, 300.0)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["glm-lsp", "eval", "context", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def test_the_command(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path / "home"))
    assert run(monkeypatch, str(project), "--limit", "2", "--only", "looked_up", "--json") == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["measure"], found["count"], found["data"]["files"]) == ("context", 2, 6)
    assert found["results"].keys() == {"none", "looked_up"}
    assert found["results"]["looked_up"].keys() == SETS.keys()
    none = found["results"]["none"]
    assert none["num_prompt_tokens"] == found["results"]["looked_up"]["all"]["num_prompt_tokens"] > 0
    assert none["ms"] > 0
    assert none["reference_chars"] == 0


@pytest.mark.parametrize("arguments", [["--only", "sideways", "."], ["does-not-exist"]])
def test_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == 2
    assert "GLM-1" in capfd.readouterr().err
