"""Held-out lines: how often the rest of a line is what its author wrote."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glm_lsp.completion.context import WindowBudget, make_window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.evaluate import cursors, syntax
from glm_lsp.evaluate.cursors import CursorKind
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.scores import Estimate, edit_similarity, estimate, is_exact
from glm_lsp.evaluate.subject import Writer, text_of
from glm_lsp.progress import Progress, silent

MAX_TOKENS = 64


@dataclass(frozen=True, slots=True)
class LineTask:
    """One cursor in a held-out file. `wanted` stood between `prefix` and `suffix`, its line break left out."""

    path: str
    language: str
    prefix: str
    wanted: str
    suffix: str
    kind: CursorKind = CursorKind.ANYWHERE
    language_id: str = ""

    def document(self, written: str) -> str:
        """The whole file with another rest of the line."""
        return f"{self.prefix}{written}\n{self.suffix}"


@dataclass(frozen=True, slots=True)
class LineScores:
    """Shares between 0 and 1 over `num_tasks` cursors."""

    exact_match: float
    edit_similarity: float
    num_tasks: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How one text did; `parses` is None where that cannot be judged."""

    task: LineTask
    exact: bool
    similarity: float
    parses: bool | None


@dataclass(frozen=True, slots=True)
class LineSummary:
    """Over a group of cursors; `parses` over those of its files that can be judged and parse as they are."""

    exact_match: Estimate
    edit_similarity: Estimate
    parses: Estimate | None
    num_tasks: int


def draw_tasks(files: Sequence[tuple[str, str, str]], count: int, seed: int) -> list[LineTask]:
    """Cursors at likely places, with a fixed seed.

    Raises:
        InputError: the files have hardly any place for a cursor.
    """
    places = cursors.draw([HeldOutFile(*file) for file in files], count, seed)
    return [
        LineTask(
            path=place.file.path,
            language=LANGUAGE_NAMES.get(place.file.language, ""),
            prefix=place.file.text[: place.start],
            wanted=place.file.text[place.start : place.end],
            suffix=place.file.text[place.suffix_start :],
            kind=place.kind,
            language_id=place.file.language,
        )
        for place in places
    ]


def measure(
    writer: Writer, tasks: Sequence[LineTask], *, with_suffix: bool, progress: Progress = silent
) -> LineScores:
    """Greedy completion of every task; trailing blanks do not count."""
    texts = write(writer, tasks, with_suffix=with_suffix, progress=progress)
    pairs = list(zip(tasks, texts, strict=True))
    return LineScores(
        sum(is_exact(text, task.wanted) for task, text in pairs) / len(pairs),
        sum(edit_similarity(text, task.wanted) for task, text in pairs) / len(pairs),
        len(pairs),
    )


def write(
    writer: Writer, tasks: Sequence[LineTask], *, with_suffix: bool, progress: Progress = silent
) -> list[str]:
    """The greedy answer to every task."""
    engine = writer.describe()
    budget = WindowBudget.for_context(engine.context_length, copies=engine.copies)
    texts = []
    for number, task in enumerate(tasks, start=1):
        texts.append(complete(writer, task, budget, with_suffix=with_suffix))
        progress(number, len(tasks))
    return texts


def complete(writer: Writer, task: LineTask, budget: WindowBudget, *, with_suffix: bool) -> str:
    """What the model writes at the cursor in LINE mode."""
    return text_of(writer.complete(request_of(task, budget, with_suffix=with_suffix)))


def request_of(task: LineTask, budget: WindowBudget, *, with_suffix: bool = True) -> CompletionRequest:
    """What an editor's request would have asked for."""
    snapshot = DocumentSnapshot(
        uri=task.path,
        path=task.path,
        language_id=task.language_id,
        version=0,
        text=task.document("") if with_suffix else task.prefix,
        offset=len(task.prefix),
    )
    window = make_window(snapshot, budget)
    return CompletionRequest(
        prompt=window.prefix,
        suffix=window.suffix,
        max_tokens=MAX_TOKENS,
        glm=GlmOptions(
            path=task.path,
            language=task.language,
            mode=Mode.LINE,
            text_before=window.before,
            text_after=window.after,
        ),
    )


def floors(tasks: Sequence[LineTask]) -> dict[str, list[str]]:
    """Answers that need no model: nothing, and the most frequent rest of a line for the kind of cursor.

    The frequent ones are counted over these very tasks, so this floor is rather too high than too low.
    """
    endings: defaultdict[CursorKind, Counter[str]] = defaultdict(Counter)
    for task in tasks:
        endings[task.kind][task.wanted.rstrip()] += 1
    frequent = {kind: counted.most_common(1)[0][0] for kind, counted in endings.items()}
    return {"empty": ["" for _ in tasks], "most_frequent": [frequent[task.kind] for task in tasks]}


def judge(tasks: Sequence[LineTask], texts: Sequence[str]) -> list[Answer]:
    """Compares every text with what the author wrote, and looks whether the file still parses with it."""
    return [
        Answer(
            task,
            is_exact(text, task.wanted),
            edit_similarity(text, task.wanted),
            _parses(task, text),
        )
        for task, text in zip(tasks, texts, strict=True)
    ]


def summarise(answers: Sequence[Answer], seed: int) -> LineSummary:
    """The means over a group of answers, which is not empty."""
    judged = [answer.parses for answer in answers if answer.parses is not None]
    return LineSummary(
        exact_match=estimate([answer.exact for answer in answers], seed),
        edit_similarity=estimate([answer.similarity for answer in answers], seed),
        parses=estimate(judged, seed) if judged else None,
        num_tasks=len(answers),
    )


def grouped(answers: Sequence[Answer], key: Callable[[Answer], str], seed: int) -> dict[str, LineSummary]:
    """A summary for each group of answers with the same `key`."""
    groups: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[key(answer)].append(answer)
    return {name: summarise(groups[name], seed) for name in sorted(groups)}


def _parses(task: LineTask, text: str) -> bool | None:
    if task.language_id not in syntax.LANGUAGES or not syntax.parses(task.document(task.wanted)):
        return None
    return syntax.parses(task.document(text))
