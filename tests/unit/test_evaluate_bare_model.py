"""Functions with docstrings in held-out Python, and the requests for these to the model alone."""

from __future__ import annotations

import pytest

from glm_lsp.completion.context import WindowBudget
from glm_lsp.completion.mode import Mode
from glm_lsp.evaluate.documentation import bare_model
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.lines import LineTask, request_of

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


def test_functions_with_a_docstring_and_a_body_are_tasks() -> None:
    tasks = list(bare_model.find_tasks(FILE))
    assert [(task.name, task.quotes) for task in tasks] == [("reife", '"""'), ("raw", "'''")]
    for task in tasks:
        assert task.document(task.wanted) == TEXT
        assert task.prefix.endswith(task.quotes)
    assert tasks[0].wanted.startswith("Wie reif er ist.\n\n        Args")
    assert tasks[0].suffix.startswith("        return jahre")


@pytest.mark.parametrize("text", ["def f(:\n", TEXT.replace("\n", "\r\n"), "", "\0"])
def test_files_whose_places_are_unsure_have_no_tasks(text: str) -> None:
    assert list(bare_model.find_tasks(HeldOutFile("a.py", "python", text))) == []


def test_request_shows_the_body_and_ends_at_the_quotes() -> None:
    tasks = list(bare_model.find_tasks(FILE))
    first, second = (bare_model.request_of(task, WindowBudget.for_context(512)) for task in tasks)
    assert first.prompt.endswith('jahre):\n        """')
    assert first.suffix.startswith("        return jahre * 2\n")
    assert (first.stop, second.stop) == ('"""', "'''")
    assert first.glm.mode is Mode.BLOCK


def test_request_brings_the_text_around_the_window_to_an_engine_that_copies() -> None:
    far = "".join(f"name_{i} = {i}\n" for i in range(2000))

    task = next(bare_model.find_tasks(HeldOutFile("a.py", "python", far + TEXT + far)))
    assert bare_model.request_of(task, WindowBudget.for_context(512)).glm.text_before == ""
    glm = bare_model.request_of(task, WindowBudget.for_context(512, copies=True)).glm
    assert glm.text_before
    assert glm.text_after
    line = LineTask(task.path, "Python", task.prefix, "", task.suffix, language_id="python")
    editor = request_of(line, WindowBudget.for_context(512, copies=True)).glm
    assert (glm.text_before, glm.text_after) == (editor.text_before, editor.text_after)
