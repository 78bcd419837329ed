"""The story of a request as people read it, on the command line and in editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glm_lsp.completion.outcome import Source
from glm_lsp.completion.why import CandidateStory, Context, Story

_SHOWN_CHARS = 160
_MOST_FILES = 8
_SOON_S = 2.0
_MINUTE_S = 60
_SOURCES = {
    Source.MODEL: "the model",
    Source.JOINED: "the model, asked at an earlier key",
    Source.TYPED_THROUGH: "the suggestion before, which is being typed: nobody was asked",
    Source.CACHE: "the model's earlier answers: nobody was asked",
    Source.DOCSTRING: "the docstring writer: the parse, and the model where it was sure",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Where and when a request was made.

    Attributes:
        path: of the document, relative to the workspace; empty for one that was never saved.
        line, column: of the cursor, from 1, in code points.
        ago_s: seconds since then.
        is_changed: whether the document has changed since.
    """

    path: str
    line: int
    column: int
    ago_s: float
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A piece of another file: why it was shown to the model or left out. `chars` is 0 for what was not shown."""

    path: str
    chars: int
    explanation: str


def why_text(
    told: Story, language_id: str, asked: Asked | None = None, others: Sequence[OtherFile] = ()
) -> str:
    """The story, what came of it first; without a line end behind the last line."""
    return "\n".join(_lines(told, language_id, asked, others))


def _lines(told: Story, language_id: str, asked: Asked | None, others: Sequence[OtherFile]) -> Iterator[str]:
    if asked is not None:
        yield _row("asked", _when(asked))
    for text in told.shown:
        yield _row("shown", _quoted(text))
    if not told.shown:
        yield _row("nothing", f"{told.reason}: {told.explanation}")
    yield _row("trigger", f"{told.trigger}, language {_printable(language_id) or 'unknown'}")
    if told.source:
        yield _row("from", _SOURCES[Source(told.source)])
    if told.mode:
        yield _row("mode", told.mode)
    if told.context:
        yield _row("context", _context(told.context))
    yield from _other_files(others)
    if told.threshold is not None:
        policy = "the likely part" if told.trims else "everything"
        yield _row("shows", f"{policy}, from a probability of {told.threshold:.2f}")
    engine = told.engine_ms
    inside = f", {engine.total:.1f} ms of it in the engine" if engine else ""
    yield _row("time", f"{told.total_ms:.1f} ms{inside}, {told.completion_tokens} tokens written")
    for number, candidate in enumerate(told.candidates, start=1):
        yield ""
        yield f"candidate {number}"
        yield from _candidate(candidate)


def _when(asked: Asked) -> str:
    place = f"{_printable(asked.path) or 'unsaved document'}:{asked.line}:{asked.column}"
    since = "; the text has changed since" if asked.is_changed else ""
    return f"{place}, {_ago(asked.ago_s)}{since}"


def _ago(seconds: float) -> str:
    if seconds < _SOON_S:
        return "just now"
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s ago"
    minutes = seconds / _MINUTE_S
    return f"{minutes:.0f} min ago" if minutes < 2 * _MINUTE_S else f"{minutes / _MINUTE_S:.0f} h ago"


def _context(context: Context) -> str:
    parts = [
        f"{context.prefix_chars} characters before the cursor",
        f"{context.suffix_chars} below its line",
        f"{context.lookup_chars} more to look things up in",
        f"{context.reference_chars} of other files",
        f"{context.prompt_tokens} prompt tokens, {context.cached_tokens} of them cached",
    ]
    if context.rest_of_line:
        parts.insert(1, f"{_quoted(context.rest_of_line)} right of it")
    return "; ".join(parts)


def _other_files(others: Sequence[OtherFile]) -> Iterator[str]:
    """What was shown, and behind it a line for each reason to leave something out."""
    shown: dict[str, int] = {}
    left_out: dict[str, list[str]] = {}
    for other in others:
        path = _printable(other.path)
        if other.chars:
            shown[path] = shown.get(path, 0) + other.chars
        elif path not in (paths := left_out.setdefault(other.explanation, [])):
            paths.append(path)
    if shown:
        yield _row("files", _some([f"{path} ({chars} characters)" for path, chars in shown.items()]))
    for explanation, paths in left_out.items():
        yield _row("left out", f"{_some(paths)}: {explanation}")


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_FILES
    return ", ".join(names[:_MOST_FILES]) + (f" and {rest} more" if rest > 0 else "")


def _candidate(candidate: CandidateStory) -> Iterator[str]:
    yield f"  {'model':<10} {_quoted(candidate.model_text)} ({candidate.finish_reason})"
    for step in candidate.filters:
        yield f"  {'filter':<10} {step.name} ({step.does}) left {_quoted(step.text)}"
    for part in candidate.parts:
        score = "" if part.score is None else f"probability {part.score:.2f}: "
        yield f"  {'part':<10} {_quoted(part.text)} {score}{part.verdict or 'shown'}"
    if candidate.reason:
        yield f"  {'dropped':<10} {candidate.reason}"


def _row(name: str, text: str) -> str:
    return f"{name:<12} {text}"


def _printable(text: str) -> str:
    """A name as it is; escaped when it holds what does not show or breaks lines."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _quoted(text: str) -> str:
    """A text on one line, escaped: it may hold anything."""
    shown = ascii(text) if not text.isprintable() else repr(text)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}… ({len(text)} characters)"
