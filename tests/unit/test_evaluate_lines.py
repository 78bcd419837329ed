"""Cursors in held-out files, and how their lines are judged."""

from __future__ import annotations

from collections import Counter

import pytest

from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import Choice, CompletionChunk, CompletionRequest
from glm_lsp.errors import InputError
from glm_lsp.evaluate import cursors, lines, syntax
from glm_lsp.evaluate.cursors import CursorKind
from glm_lsp.evaluate.held_out import HeldOutFile
from tests.fakes.fake_core import fake_core

TEXT = '''import os


def area(radius, *, unit="cm"):
    """Area of a circle."""
    value = 3.14 * radius ** 2
    return os.path.join(str(value), unit)
'''
FILES = [HeldOutFile("a.py", "python", TEXT), HeldOutFile("b.js", "javascript", "let a = f(1, 2);\n" * 20)]


class Writing:
    """Answers each request with the next text, and keeps the requests."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.requests: list[CompletionRequest] = []

    def complete(self, request: CompletionRequest) -> list[CompletionChunk]:
        self.requests.append(request)
        text = self.texts[(len(self.requests) - 1) % len(self.texts)]
        pieces = [Choice(index=0, text=text[:2]), Choice(index=0, text=text[2:], finish_reason="stop")]
        return [CompletionChunk(id="", created=0, model="", choices=[piece]) for piece in pieces]

    def describe(self) -> EngineDescription:
        return EngineDescription(model="writing", context_length=512)


def test_cursors_repeat_with_their_seed_and_differ_without() -> None:
    first = list(cursors.draw(FILES, 40, seed=1))
    assert first == list(cursors.draw(FILES, 40, seed=1))
    assert first != list(cursors.draw(FILES, 40, seed=2))


def test_cursors_stand_where_their_kind_says() -> None:
    places = list(cursors.draw(FILES, 600, seed=3))
    for place in places:
        text = place.file.text
        before, rest = text[: place.start], text[place.start : place.end]
        line = before[before.rfind("\n") + 1 :]
        assert rest.strip()
        assert "\n" not in rest
        assert text[place.end : place.suffix_start] == "\n"
        match place.kind:
            case CursorKind.AFTER_INDENT:
                assert not line.strip()
                assert not rest[0].isspace()
            case CursorKind.AFTER_DOT:
                assert line.endswith(".")
            case CursorKind.AFTER_BRACKET:
                assert line.rstrip()[-1] in "(,["
            case CursorKind.AFTER_OPERATOR:
                assert line[-1] == " "
                assert line[-2] in "=+-*/<>%:"
            case CursorKind.INSIDE_IDENTIFIER:
                assert f"_{line[-1]}{rest[0]}".isidentifier()
            case CursorKind.ANYWHERE:
                assert line
    counts = Counter(place.kind for place in places)
    for kind, share in cursors.SHARES.items():
        assert counts[kind] / len(places) == pytest.approx(share, abs=0.07)


@pytest.mark.parametrize("text", ["", "\n\n  \n"])
def test_text_without_places_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no line to complete"):
        list(cursors.draw([HeldOutFile("a.py", "python", text)], 50, seed=1))
    with pytest.raises(InputError):
        list(cursors.draw([], 1, seed=1))


@pytest.mark.parametrize("count", [0, -1])
def test_no_cursors_are_none(count: int) -> None:
    assert list(cursors.draw(FILES, count, seed=1)) == []


def test_kinds_that_do_not_occur_are_left_out() -> None:
    places = list(cursors.draw([HeldOutFile("a.py", "python", "word\n")], 50, seed=1))
    assert {place.kind for place in places} == {
        CursorKind.AFTER_INDENT, CursorKind.INSIDE_IDENTIFIER, CursorKind.ANYWHERE,
    }  # fmt: skip
    assert len(places) == 50


def test_shares_are_all_there_is() -> None:
    assert sum(cursors.SHARES.values()) == pytest.approx(1)
    assert cursors.SHARES.keys() == set(CursorKind)


def test_line_tasks_put_together_are_the_file() -> None:
    tasks = lines.draw_tasks(FILES, 50, seed=1)
    assert len(tasks) == 50
    for task in tasks:
        assert task.document(task.wanted) in (TEXT, FILES[1].text)
        assert task.language == ("Python" if task.language_id == "python" else "JavaScript")


def test_request_is_an_editors_request() -> None:
    tasks = lines.draw_tasks(FILES[:1], 5, seed=1)
    writer = Writing("x")
    lines.write(writer, tasks, with_suffix=True)
    lines.write(writer, tasks, with_suffix=False)
    for task, request in zip(tasks, writer.requests[:5], strict=True):
        assert request.prompt == task.prefix
        assert request.suffix == task.suffix
        assert (request.glm.path, request.glm.language, request.glm.mode) == ("a.py", "Python", "LINE")
        assert (request.glm.rest_of_line, request.temperature) == ("", 0)
    assert [(r.prompt, r.suffix) for r in writer.requests[5:]] == [(task.prefix, "") for task in tasks]


def test_a_long_file_is_cut_to_the_model_s_window() -> None:
    file = HeldOutFile("a.py", "python", "".join(f"name_{i} = {i}\n" for i in range(5000)))
    writer = Writing("x")
    lines.write(writer, lines.draw_tasks([file], 3, seed=1), with_suffix=True)
    assert all(len(request.prompt) + len(request.suffix) < 512 * 3 for request in writer.requests)


def test_noise_scores_low_and_the_truth_one() -> None:
    tasks = lines.draw_tasks(FILES, 6, seed=2)
    with fake_core() as engine:
        noise = lines.measure(engine, tasks, with_suffix=True)
    assert noise.exact_match == 0
    assert noise.edit_similarity < 0.6
    truth = lines.measure(Writing(*(task.wanted + "  " for task in tasks)), tasks, with_suffix=False)
    assert (truth.exact_match, truth.edit_similarity, truth.num_tasks) == (1, 1, 6)


def test_answers_are_judged_by_text_and_by_syntax() -> None:
    task = lines.LineTask("a.py", "Python", "x = ", "f(1)", "y = 2\n", language_id="python")
    good, other, broken = lines.judge([task] * 3, ["f(1) ", "g(1)", "f(1"])
    assert (good.exact, good.similarity, good.parses) == (True, 1, True)
    assert (other.exact, other.parses) == (False, True)
    assert 0.5 < other.similarity < 1
    assert (broken.exact, broken.parses) == (False, False)


def test_syntax_is_judged_only_where_the_author_s_file_parses() -> None:
    python2 = lines.LineTask("a.py", "Python", "print ", "1", "y = 2\n", language_id="python")
    javascript = lines.LineTask("a.js", "JavaScript", "x = ", "1", "", language_id="javascript")
    assert [answer.parses for answer in lines.judge([python2, javascript], ["2", "2"])] == [None, None]
    summary = lines.summarise(lines.judge([javascript], ["1"]), seed=1)
    assert summary.parses is None
    assert summary.exact_match.value == 1


def test_floors_are_nothing_and_the_commonest_ending_of_each_kind() -> None:
    def task(wanted: str, kind: CursorKind) -> lines.LineTask:
        return lines.LineTask("a.py", "Python", "", wanted, "", kind, "python")

    dots = [task(wanted, CursorKind.AFTER_DOT) for wanted in ("append(x)", "x", "x ")]
    tasks = [*dots, task("else:", CursorKind.AFTER_INDENT)]
    floors = lines.floors(tasks)
    assert floors == {"empty": [""] * 4, "most_frequent": ["x", "x", "x", "else:"]}
    assert [answer.exact for answer in lines.judge(tasks, floors["most_frequent"])] == [0, 1, 1, 1]


def test_groups_add_up() -> None:
    answers = lines.judge(tasks := lines.draw_tasks(FILES, 30, seed=5), [task.wanted for task in tasks])
    groups = lines.grouped(answers, lambda answer: answer.task.language_id, seed=1)
    assert list(groups) == ["javascript", "python"]
    assert sum(group.num_tasks for group in groups.values()) == 30
    assert all(group.exact_match.value == 1 for group in groups.values())


@pytest.mark.parametrize(
    ("text", "valid"),
    [("x = 1\n", True), ("x = '\\d'\n", True), ("x = (\n", False), ("\0", False), ("(" * 500, False)],
)
def test_syntax(text: str, valid: bool) -> None:
    assert syntax.parses(text) is valid
