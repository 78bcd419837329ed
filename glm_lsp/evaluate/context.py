"""What pieces of other files are worth: the rest of a line with and without them, in whole projects.

A reference can be used in two ways: shown to the model at the head of the prompt, or only laid before the text in
which an engine looks things up to copy them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from glm_lsp.completion.context import WindowBudget
from glm_lsp.completion.prompt import Reference
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.wire import CompletionRequest, PromptTokensDetails, Usage, WireReference
from glm_lsp.evaluate.context_projects import Project
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.lines import LineTask, draw_tasks, request_of
from glm_lsp.evaluate.scores import Estimate, edit_similarity, estimate, is_exact
from glm_lsp.evaluate.subject import Writer, text_of
from glm_lsp.progress import Progress, silent
from glm_lsp.references.candidate import ALL_KINDS, Kind
from glm_lsp.references.plan import LOOKUP_CHARS, Way, lookup_text, prompt_chars
from glm_lsp.references.source import ReferenceSource

_UNKNOWN_CONTEXT_LENGTH = 2048
_NUM_VISITED = 4
_GATHER_S = 60.0
_NO_USAGE = Usage(
    prompt_tokens=0,
    completion_tokens=0,
    total_tokens=0,
    prompt_tokens_details=PromptTokensDetails(cached_tokens=0),
)


SETS: dict[str, frozenset[Kind]] = {kind.value: frozenset([kind]) for kind in Kind} | {"all": ALL_KINDS}


@dataclass(frozen=True, slots=True)
class ContextTask:
    """A cursor in a file of a project, with a seed for what was visited before."""

    project: Project
    line: LineTask
    seed: int


@dataclass(frozen=True, slots=True)
class Written:
    """An answer, and what it took. Milliseconds inside the engine, but for those of gathering.

    Attributes:
        text: the rest of the line.
        usage: of the answer, whose prompt but for the last character was known before.
        ms: of the answer.
        cold_ms: of filling the cache with the prompt before that.
        gather_ms: of finding references.
        num_chars: characters of references.
    """

    text: str
    usage: Usage
    ms: float
    cold_ms: float
    gather_ms: float
    num_chars: int


@dataclass(frozen=True, slots=True)
class ContextSummary:
    """Means over all cursors; `gained` and `lost` count lines that are exact only with, or only without references."""

    exact_match: Estimate
    edit_similarity: Estimate
    gained: int
    lost: int
    num_prompt_tokens: float
    cached_ratio: float
    ms: float
    cold_ms: float
    gather_ms: float
    reference_chars: float
    num_tasks: int


def draw(projects: Sequence[Project], count: int, seed: int) -> list[ContextTask]:
    """Cursors by a fixed seed, as many in each project.

    Raises:
        InputError: a project has hardly any place for a cursor.
    """
    tasks = []
    for number, project in enumerate(projects):
        share = (count + number) // len(projects)
        lines = draw_tasks(project.files, share, seed + number) if share else []
        tasks += [ContextTask(project, line, seed + index) for index, line in enumerate(lines)]
    return tasks


def write(
    writer: Writer,
    tasks: Sequence[ContextTask],
    way: Way | None,
    kinds: frozenset[Kind],
    *,
    progress: Progress = silent,
) -> list[Written]:
    """The greedy answer to every task; without references if `way` is None."""
    engine = writer.describe()
    context_length = engine.context_length or _UNKNOWN_CONTEXT_LENGTH
    budget = WindowBudget.for_context(context_length, copies=engine.copies)
    max_chars = LOOKUP_CHARS if way is Way.LOOKUP else prompt_chars(context_length)
    answers = []
    for number, task in enumerate(tasks, start=1):
        began = time.perf_counter()
        references = asyncio.run(_references(task, way, kinds, max_chars)) if way else ()
        gather_ms = 1e3 * (time.perf_counter() - began)
        request = _with_references(request_of(task.line, budget), references, way)
        answers.append(_answer(writer, request, gather_ms, sum(len(each.text) for each in references)))
        progress(number, len(tasks))
    return answers


def summarise(
    tasks: Sequence[ContextTask], written: Sequence[Written], without: Sequence[Written], seed: int
) -> ContextSummary:
    """The means over all tasks, of which there is at least one."""
    exact = [is_exact(each.text, task.line.wanted) for task, each in zip(tasks, written, strict=True)]
    before = [is_exact(each.text, task.line.wanted) for task, each in zip(tasks, without, strict=True)]
    similar = [
        edit_similarity(each.text, task.line.wanted) for task, each in zip(tasks, written, strict=True)
    ]
    num_prompt = sum(each.usage.prompt_tokens for each in written)
    num_cached = sum(each.usage.prompt_tokens_details.cached_tokens for each in written)

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    return ContextSummary(
        exact_match=estimate(exact, seed),
        edit_similarity=estimate(similar, seed),
        gained=sum(now and not then for now, then in zip(exact, before, strict=True)),
        lost=sum(then and not now for now, then in zip(exact, before, strict=True)),
        num_prompt_tokens=num_prompt / len(written),
        cached_ratio=num_cached / num_prompt if num_prompt else 0.0,
        ms=mean([each.ms for each in written]),
        cold_ms=mean([each.cold_ms for each in written]),
        gather_ms=mean([each.gather_ms for each in written]),
        reference_chars=mean([each.num_chars for each in written]),
        num_tasks=len(written),
    )


def measure(
    writer: Writer,
    tasks: Sequence[ContextTask],
    ways: Sequence[Way],
    sets: Mapping[str, frozenset[Kind]],
    seed: int,
    *,
    progress: Progress = silent,
) -> dict[str, ContextSummary | dict[str, ContextSummary]]:
    """Every set of references in every way, and none."""
    num_runs, done = 1 + len(ways) * len(sets), 0

    def shown(part: int, total: int) -> None:
        progress(done * total + part, num_runs * total)

    without = write(writer, tasks, None, frozenset(), progress=shown)
    found: dict[str, ContextSummary | dict[str, ContextSummary]] = {
        "none": summarise(tasks, without, without, seed)
    }
    for way in ways:
        results = {}
        for name, kinds in sets.items():
            done += 1
            written = write(writer, tasks, way, kinds, progress=shown)
            results[name] = summarise(tasks, written, without, seed)
        found[way.value] = results
    return found


async def _references(
    task: ContextTask, way: Way, kinds: frozenset[Kind], max_chars: int
) -> tuple[Reference, ...]:
    """What an editor's session would have at hand: some other files of the project were changed a moment ago.

    The document in hand is known without the line that is asked for; on disk it is never looked at.
    """
    source = ReferenceSource([task.project.root], kinds=kinds, is_shown=way is Way.PROMPT)
    try:
        for file, line in _visited(task):
            key = _key(task.project.root / file.path)
            source.open(key, file.path, "", file.language, file.text)
            source.edited(key, file.text, line)
        path = task.project.root / task.line.path
        text = task.line.document("")
        source.open(_key(path), task.line.path, "", task.line.language_id, text)
        source.edited(_key(path), text, task.line.prefix.count("\n"))
        snapshot = DocumentSnapshot(
            uri=path.as_uri(),
            path=task.line.path,
            language_id=task.line.language_id,
            version=0,
            text=text,
            offset=len(task.line.prefix),
        )
        return await source.gather(snapshot, max_chars, within_s=_GATHER_S)
    finally:
        source.stop()


def _visited(task: ContextTask) -> list[tuple[HeldOutFile, int]]:
    """Other files in the same language and a line of each: half of them from the same folder where there are any."""
    rng = random.Random(task.seed)
    others = [
        file
        for file in task.project.files
        if file.path != task.line.path and file.language == task.line.language_id
    ]
    folder = task.line.path.rpartition("/")[0]
    beside = [file for file in others if file.path.rpartition("/")[0] == folder]
    chosen = rng.sample(beside, min(_NUM_VISITED // 2, len(beside)))
    rest = [file for file in others if file not in chosen]
    chosen += rng.sample(rest, min(_NUM_VISITED - len(chosen), len(rest)))
    return [(file, rng.randrange(file.text.count("\n") + 1)) for file in chosen]


def _key(path: Path) -> str:
    return f"file://{path.as_posix() if path.as_posix().startswith('/') else '/' + path.as_posix()}"


def _with_references(
    request: CompletionRequest, references: Sequence[Reference], way: Way | None
) -> CompletionRequest:
    if not references or way is None:
        return request
    if way is Way.PROMPT:
        shown = tuple(WireReference(each.path, each.text) for each in references)
        options = msgspec.structs.replace(request.glm, references=shown)
    else:
        text = lookup_text(references) + request.glm.text_before
        options = msgspec.structs.replace(request.glm, text_before=text)
    return msgspec.structs.replace(request, glm=options)


def _answer(writer: Writer, request: CompletionRequest, gather_ms: float, num_chars: int) -> Written:
    """As in an editor: all but the last character was typed, and the prompt known, a moment ago."""
    known = msgspec.structs.replace(
        request,
        prompt=request.prompt_text[:-1],
        glm=msgspec.structs.replace(request.glm, warm_up=True),
    )
    _, _, cold_ms = _complete(writer, known)
    text, usage, ms = _complete(writer, request)
    return Written(text, usage, ms, cold_ms, gather_ms, num_chars)


def _complete(writer: Writer, request: CompletionRequest) -> tuple[str, Usage, float]:
    chunks = list(writer.complete(request))
    usage = next((chunk.usage for chunk in chunks if chunk.usage), _NO_USAGE)
    timing = next((chunk.glm.timing_ms for chunk in chunks if chunk.glm), None)
    return text_of(chunks), usage, timing.total if timing else 0.0
