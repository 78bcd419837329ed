"""What single runs of the model cost: a decode step behind more and more tokens, and a step that checks guesses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from glm_lsp.bench.sampling import interleaved, timed
from glm_lsp.engine.generation import prefill
from glm_lsp.engine.session import KVCache, Session
from glm_lsp.engine.slots import KVSlot
from glm_lsp.evaluate.progress import Progress, silent

VERIFIED = (1, 2, 4, 8, 16)
"""Tokens of a verification step: one that was chosen and guesses behind it."""

SHORTEST = 32


@dataclass(slots=True)
class StepTimes:
    """Milliseconds of runs, the samples of one list in the order of the rounds.

    Attributes:
        decode: a step of one token, by how many tokens lie before it.
        verification_past: tokens before those that are verified.
        verification: a step that scores all of its tokens, by their number.
    """

    decode: dict[int, list[float]] = field(default_factory=dict)
    verification_past: int = 0
    verification: dict[int, list[float]] = field(default_factory=dict)


def prompt_lengths(longest: int) -> list[int]:
    """32, 64, 128 and so on below `longest`, and `longest` itself."""
    lengths = [SHORTEST << power for power in range(16) if SHORTEST << power < longest]
    return [*lengths, longest]


def measure_steps(
    session: Session, token_ids: Sequence[int], seconds: float, progress: Progress = silent
) -> StepTimes:
    """Fills a KV cache with `token_ids`, as many as leave room for a step, and times runs over it.

    Args:
        session: of the model.
        token_ids: of some code, at least as many as the session's capacity.
        seconds: for each of the two measurements, about.
    """
    most = session.capacity - max(VERIFIED)
    slot = KVSlot(session.new_kv())
    prefill(session, slot, list(token_ids[:most]), lambda: False)

    def step(past: int, num_tokens: int) -> Callable[[], float]:
        ids = list(token_ids[past : past + num_tokens])
        return lambda: _run(session, slot.kv, past, ids)

    lengths = prompt_lengths(most)
    middle = lengths[-2] if len(lengths) > 1 else most
    return StepTimes(
        decode=interleaved({past: step(past, 1) for past in lengths}, seconds, progress),
        verification_past=middle,
        verification=interleaved({num: step(middle, num) for num in VERIFIED}, seconds, progress),
    )


def _run(session: Session, kv: KVCache, past: int, token_ids: list[int]) -> float:
    return timed(lambda: session.run(kv, past, token_ids, len(token_ids)))
