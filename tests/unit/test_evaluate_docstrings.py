"""Docstring tasks and how docstrings are scored."""

from __future__ import annotations

import pytest

from glm_lsp.completion.context import WindowBudget
from glm_lsp.completion.mode import Mode
from glm_lsp.engine.description import EngineDescription
from glm_lsp.errors import InputError
from glm_lsp.evaluate import docstrings
from glm_lsp.evaluate.docstrings import DocstringTask
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.lines import LineTask, request_of
from tests.unit.test_evaluate_lines import Writing

TEXT = '''class Käse:
    def reife(self, jahre):
        """Wie reif er ist.

        Args:
            jahre: Alter.
        """
        return jahre * 2

    def no_docstring(self):
        x = 1
        return x

    def only_docstring(self):
        """Nothing else."""

    async def raw(self): # ä
        r\'\'\'A raw \\one.\'\'\'
        return 1


def one_quote():
    "Short."
    return 1


def with_comment():
    """Comment behind."""  # here
    return 1


def joined():
    """Two""" """ parts."""
    return 1


def empty():
    """ """
    return 1
'''
FILE = HeldOutFile("a.py", "python", TEXT)
AREA = DocstringTask("a.py", "circle_area", '"""', 'def f():\n    """', "Area of a circle.", "    return 1\n")

needs_extra = pytest.mark.skipif(
    any(docstrings.find_spec(name) is None for name in ("sacrebleu", "rouge_score", "ruff")),
    reason="glm-lsp[eval] is not installed",
)


def test_functions_with_a_docstring_and_a_body_are_tasks() -> None:
    tasks = list(docstrings.find_tasks(FILE))
    assert [(task.name, task.quotes) for task in tasks] == [("reife", '"""'), ("raw", "'''")]
    for task in tasks:
        assert task.document(task.wanted) == TEXT
        assert task.prefix.endswith(task.quotes)
    assert tasks[0].wanted.startswith("Wie reif er ist.\n\n        Args")
    assert tasks[0].suffix.startswith("        return jahre")


@pytest.mark.parametrize("text", ["def f(:\n", TEXT.replace("\n", "\r\n"), "", "\0"])
def test_files_whose_places_are_unsure_have_no_tasks(text: str) -> None:
    assert list(docstrings.find_tasks(HeldOutFile("a.py", "python", text))) == []


def test_tasks_are_drawn_by_seed() -> None:
    files = [HeldOutFile(f"{i}.py", "python", TEXT) for i in range(10)]
    tasks = docstrings.draw_tasks(files, 5, seed=1)
    assert tasks == docstrings.draw_tasks(files, 5, seed=1) != docstrings.draw_tasks(files, 5, seed=2)
    assert len(docstrings.draw_tasks(files, 99, seed=1)) == 20
    with pytest.raises(InputError, match="no Python function"):
        docstrings.draw_tasks([HeldOutFile("a.js", "javascript", TEXT)], 5, seed=1)


def test_request_shows_the_body_and_ends_at_the_quotes() -> None:
    writer = Writing("Does it.")
    tasks = list(docstrings.find_tasks(FILE))
    assert docstrings.write(writer, tasks) == ["Does it."] * 2
    first, second = writer.requests
    assert first.prompt.endswith('jahre):\n        """')
    assert first.suffix.startswith("        return jahre * 2\n")
    assert (first.stop, second.stop) == ('"""', "'''")
    assert first.glm.mode is Mode.BLOCK


def test_request_brings_the_text_around_the_window_to_an_engine_that_copies() -> None:
    far = "".join(f"name_{i} = {i}\n" for i in range(2000))

    class Copying(Writing):
        def describe(self) -> EngineDescription:
            return EngineDescription(model="copying", context_length=512, copies=True)

    task = next(docstrings.find_tasks(HeldOutFile("a.py", "python", far + TEXT + far)))
    writer, bare = Copying("Does it."), Writing("Does it.")
    docstrings.write(writer, [task])
    docstrings.write(bare, [task])
    assert bare.requests[0].glm.text_before == ""
    glm = writer.requests[0].glm
    assert glm.text_before
    assert glm.text_after
    line = LineTask(task.path, "Python", task.prefix, "", task.suffix, language_id="python")
    editor = request_of(line, WindowBudget.for_context(512, copies=True)).glm
    assert (glm.text_before, glm.text_after) == (editor.text_before, editor.text_after)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("read_file", "Read file."),
        ("readHTTPHeader2", "Read http header 2."),
        ("__init__", "Init."),
        ("_", ""),
    ],
)
def test_a_name_as_a_sentence(name: str, sentence: str) -> None:
    task = DocstringTask("a.py", name, '"""', "", "", "")
    assert docstrings.name_in_words(task) == sentence


def test_first_paragraph_is_one_line() -> None:
    assert docstrings.first_paragraph("One\n    line.\n\n    Args:\n        x: y") == "One line."
    assert docstrings.first_paragraph("\n    One.  ") == "One."
    assert docstrings.first_paragraph("") == ""


def test_floors_are_the_name_and_the_author() -> None:
    assert docstrings.floors([AREA]) == {"name_in_words": ["Circle area."], "author": ["Area of a circle."]}


@needs_extra
def test_the_same_text_scores_full_and_another_little() -> None:
    bleu, rouge = docstrings.text_scores(
        ["Area of a circle.", "Opens the door", "", "The area of one circle."], ["Area of a circle."] * 4
    )
    assert bleu[0] == pytest.approx(100)
    assert rouge[0] == 1
    assert bleu[1] < 10
    assert (rouge[1], rouge[2], bleu[2]) == (0, 0, 0)
    assert 10 < bleu[3] < 90
    assert 0.4 < rouge[3] < 0.9


@needs_extra
def test_scores_of_nothing_of_a_broken_text_and_of_the_author() -> None:
    tasks = [AREA] * 3
    scores = docstrings.score(tasks, ["", 'Ends """ early (', "Area of a circle."], seed=1)
    assert scores.non_empty.value == pytest.approx(2 / 3)
    assert scores.parses.value == pytest.approx(2 / 3)
    assert scores.pep_257.value == pytest.approx(1 / 3)
    assert scores.num_tasks == 3
    author = docstrings.score(tasks, ["Area of a circle."] * 3, seed=1)
    assert (author.bleu_4.value, author.rouge_l.value) == (pytest.approx(100), 1)


@needs_extra
def test_pep_257() -> None:
    good = "Area of a circle.\n\n        Args:\n            radius: of it.\n        "
    texts = [
        good,
        "Area of a circle.",
        "Area of a circle",
        "Return the area.\n        And more.",
        " ",
        '""" x',
    ]
    assert docstrings.follow_pep_257(texts) == [True, True, False, False, False, False]


def test_without_the_extra_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docstrings, "find_spec", lambda name: None if name == "sacrebleu" else object())
    with pytest.raises(InputError, match=r"sacrebleu.*pip install 'glm-lsp\[eval\]'"):
        docstrings.check_extra()
