"""Documentation written anew: by the whole way from the parse to the proof, and by the model alone."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.completion.context import WindowBudget
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Author
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.filling import Sentence
from glm_lsp.docstring.proposal import Source, propose
from glm_lsp.errors import CodeTouchedError
from glm_lsp.evaluate.documentation.bare_model import BareTask, request_of
from glm_lsp.evaluate.documentation.tasks import DocumentationTask
from glm_lsp.evaluate.subject import Writer, text_of
from glm_lsp.progress import Progress, silent

_OPENING = re.compile(r"[a-zA-Z]{0,2}(?:\"\"\"|'''|\"|')|/\*[*!]|//[/!]?")


@dataclass(frozen=True, slots=True)
class WrittenDocumentation:
    """What came of one task.

    Attributes:
        documentation: with quotes or marks; empty where none was written.
        document: the whole file with it.
        dialect: None of the model alone.
        ms: milliseconds; None where nothing was written.
    """

    documentation: str
    document: str
    sentences: tuple[Sentence, ...] = ()
    dialect: Dialect | None = None
    ms: float | None = None


async def write(
    author: Author, tasks: Sequence[DocumentationTask], progress: Progress = silent
) -> list[WrittenDocumentation]:
    """The documentation that this program would put in, the rest of the file telling the style.

    Raises:
        GlmError: the engine cannot be reached or refused the request.
    """
    written = []
    for number, task in enumerate(tasks, start=1):
        written.append(await _written(author, task))
        progress(number, len(tasks))
    return written


async def _written(author: Author, task: DocumentationTask) -> WrittenDocumentation:
    started = time.perf_counter()
    source = Source.of(snapshot_of(task), NoSurroundings())
    entity = entity_of(task, source.entities)
    plan = source.plan(entity) if entity else None
    if plan is None:
        return WrittenDocumentation("", task.text, dialect=source.dialect)
    try:
        proposal = await propose(source, [plan], author)
    except CodeTouchedError:
        return WrittenDocumentation("", task.text, dialect=source.dialect)
    ms = 1e3 * (time.perf_counter() - started)
    (one,) = proposal.documented
    text = "".join(insertion.text for insertion in one.insertions).strip()
    return WrittenDocumentation(text, proposal.text, one.sentences, source.dialect, ms)


def entity_of(task: DocumentationTask, entities: Sequence[Entity]) -> Entity | None:
    """What the task is about, in the text without its documentation."""
    alike = [each for each in entities if each.qualified_name == task.name and each.documentation is None]
    return min(alike, key=lambda each: abs(each.start - task.start), default=None)


def snapshot_of(task: DocumentationTask) -> DocumentSnapshot:
    """The file without the documentation, the cursor where it was."""
    return DocumentSnapshot(
        uri=task.path,
        path=task.path,
        language_id=task.language_id,
        version=0,
        text=task.text,
        offset=task.gap,
    )


def write_alone(
    writer: Writer, tasks: Sequence[DocumentationTask], progress: Progress = silent
) -> list[WrittenDocumentation]:
    """What the model writes behind the author's opening quotes or mark, all of it greedily, nothing checked."""
    engine = writer.describe()
    budget = WindowBudget.for_context(engine.context_length, copies=engine.copies)
    written = []
    for number, task in enumerate(tasks, start=1):
        started = time.perf_counter()
        text = _closed(task, text_of(writer.complete(request_of(bare_task(task), budget))))
        ms = 1e3 * (time.perf_counter() - started)
        opening, _ = marks(task)
        document = f"{task.text[: task.gap]}{task.indent}{opening}{text}\n{task.text[task.gap :]}"
        written.append(WrittenDocumentation(opening + text, document, ms=ms))
        progress(number, len(tasks))
    return written


def bare_task(task: DocumentationTask) -> BareTask:
    """The task as an editor's request behind the opening quotes or mark."""
    opening, closing = marks(task)
    return BareTask(
        path=task.path,
        name=task.own_name,
        quotes=closing,
        prefix=task.text[: task.gap] + task.indent + opening,
        wanted=task.wanted,
        suffix=task.text[task.gap :],
        language_id=task.language_id,
    )


def marks(task: DocumentationTask) -> tuple[str, str]:
    """What the author's documentation begins and ends with; line comments end with nothing."""
    found = _OPENING.match(task.wanted)
    opening = found[0] if found else "/**"
    if task.language_id == "python":
        return opening, opening.lstrip("bBfFrRuU")
    return opening, "*/" if opening.startswith("/*") else ""


def _closed(task: DocumentationTask, text: str) -> str:
    """With the end mark; of line comments the lines that are some."""
    opening, closing = marks(task)
    if closing:
        return text + closing
    first, *more = text.split("\n")
    lines = [first]
    for line in more:
        if not line.lstrip().startswith(opening):
            break
        lines.append(line)
    return "\n".join(lines)
