"""What was pressed, asked, answered and shown, put together key by key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glm_lsp.bench.distribution import distribution
from tests.editors.vscode import Frame, Key, Record

_PARTS = ("waiting_ms", "server_ms", "showing_ms", "whole_ms")


@dataclass(frozen=True)
class Sample:
    """A key after which other ghost text was shown than what was left of the one before.

    Attributes:
        waiting_ms: from the key to the question that was answered in time.
        server_ms: to the answer.
        showing_ms: to the screen.
    """

    waiting_ms: float
    server_ms: float
    showing_ms: float

    @property
    def whole_ms(self) -> float:
        """From the key to the screen."""
        return self.waiting_ms + self.server_ms + self.showing_ms


@dataclass(frozen=True)
class Answer:
    """A question that was answered; times in ms of the wall clock."""

    asked_at: float
    answered_at: float


@dataclass(frozen=True)
class Figures:
    """What one editor came to.

    Attributes:
        editor: its name and version, and whose ghost text it was.
        num_keys: keys that were typed.
        samples: of the keys after which new ghost text was shown before the next one.
    """

    editor: str
    num_keys: int
    samples: tuple[Sample, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it, with percentiles of each part."""
        parts = {name: distribution([getattr(each, name) for each in self.samples]) for name in _PARTS}
        return {
            "editor": self.editor,
            "num_keys": self.num_keys,
            "num_shown": len(self.samples),
            **{name: asdict(part) if part else None for name, part in parts.items()},
            "samples": [asdict(each) for each in self.samples],
        }

    def row(self) -> str:
        """A row of a table in Markdown: p50 / p95 of each part."""
        parts = [distribution([getattr(each, name) for each in self.samples]) for name in _PARTS]
        cells = [f"{part.p50:.0f} / {part.p95:.0f}" if part else "-" for part in parts]
        return f"| {self.editor} | {self.num_keys} | {len(self.samples)} | {' | '.join(cells)} |"


HEADER = "| editor | keys | shown | editor's wait | server | editor's showing | whole |\n|---|---|---|---|---|---|---|"


def answers(path: Path) -> list[Answer]:
    """What `stamping.py` has noted, in the order of the questions. Numbers begin anew with each server."""
    asked: dict[object, float] = {}
    found: list[Answer] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] == "asked":
            asked[event["id"]] = event["at"]
        else:
            found.append(Answer(asked.pop(event["id"]), event["at"]))
    return sorted(found, key=lambda answer: answer.asked_at)


def samples(record: Record, answered: Sequence[Answer]) -> list[Sample]:
    """One for each key that brought new ghost text before the next key was pressed; times of one clock."""
    ends = [key.at for key in record.keys[1:]] + [float("inf")]
    found = [_sample(key, end, record.frames, answered) for key, end in zip(record.keys, ends, strict=True)]
    return [sample for sample in found if sample]


def _sample(key: Key, end: float, frames: Sequence[Frame], answered: Sequence[Answer]) -> Sample | None:
    before = [frame for frame in frames if frame.at < key.at]
    ghost = before[-1].ghost if before else ""
    left = ghost[1:] if ghost.startswith(key.key) else None
    meanwhile = [frame for frame in frames if key.at <= frame.at < end]
    new = [frame for frame in meanwhile if frame.ghost not in ("", ghost, left)]
    if not before or not new:
        return None
    shown_at = new[0].at
    in_time = [each for each in answered if key.at <= each.asked_at and each.answered_at <= shown_at]
    if not in_time:
        return None  # the editor had it already
    answer = in_time[-1]
    return Sample(
        answer.asked_at - key.at, answer.answered_at - answer.asked_at, shown_at - answer.answered_at
    )
