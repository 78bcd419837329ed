"""The whole measurement: two ways of writing and what needs no model, on the same tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from glm_lsp.docstring.authors.choice import author_for
from glm_lsp.evaluate.documentation.scores import by_language, floors, score, score_styles
from glm_lsp.evaluate.documentation.tasks import DocumentationTask
from glm_lsp.evaluate.documentation.writing import WrittenDocumentation, write, write_alone
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.subject import Subject
from glm_lsp.progress import Progress


def measure(
    subject: Subject,
    files: Sequence[HeldOutFile],
    tasks: Sequence[DocumentationTask],
    seed: int,
    progress: Callable[[str], AbstractContextManager[Progress]],
) -> dict[str, Any]:
    """The `results` of a report.

    Args:
        files: in which styles are looked for; those of the tasks, and others.
        progress: makes a progress bar with a title.

    Raises:
        GlmError: the engine cannot be reached or refused a request; a package of the extra is not installed.
    """
    with progress("with the skeleton") as bar:
        written = subject.run(_write(subject, tasks, bar))
    with progress("the model alone") as bar:
        alone = write_alone(subject, tasks, bar)
    dialects = [one.dialect for one in written if one.dialect]
    with progress("judging") as bar:
        bar(0, 3)
        results = {"skeleton": score(tasks, written, dialects, seed)}
        bar(1, 3)
        results["bare_model"] = score(tasks, alone, dialects, seed)
        bar(2, 3)
        return {
            "without_a_model": floors(tasks, seed),
            **results,
            "by_language": by_language(tasks, written, dialects, seed),
            "styles": score_styles(files, seed),
        }


async def _write(
    subject: Subject, tasks: Sequence[DocumentationTask], progress: Progress
) -> list[WrittenDocumentation]:
    return await write(await author_for(subject.client), tasks, progress)
