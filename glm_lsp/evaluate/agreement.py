"""Greedy agreement: how often a quantised model writes what its unquantised reference writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.choosing import Chooser
from glm_lsp.engine.generation import decode, prefill
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sampler import pick_greedy
from glm_lsp.engine.session import Scores, Session
from glm_lsp.engine.slots import KVSlot, common_prefix
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.evaluate.lines import LineTask

MAX_ANSWER_TOKENS = 48
"""Longer than nearly every line; an answer that does not end is cut here."""

Progress = Callable[[int, int], None]
"""(prompts done, prompts in all)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares between 0 and 1, over `num_prompts` prompts whose reference answers have `num_tokens` tokens.

    Attributes:
        tokens: of the reference's tokens, those the candidate chooses too after the reference's tokens before.
        written: of the reference's tokens, those the candidate writes by itself before its first difference.
        prompts: of the prompts, those whose whole answer is the same.
    """

    tokens: float
    written: float
    prompts: float
    num_prompts: int
    num_tokens: int


def line_prompts(encoder: PromptEncoder, tasks: Sequence[LineTask]) -> list[list[int]]:
    """The token ids of each task's LINE prompt, suffix included."""
    return [
        encoder.encode(
            CompletionRequest(
                prompt=task.prefix,
                suffix=task.suffix,
                glm=GlmOptions(path=task.path, language=task.language, mode=Mode.LINE),
            )
        )
        for task in tasks
    ]


def line_end_ids(tokenizer: SourceTokenizer) -> frozenset[int]:
    """Ids after which a line is complete: special tokens, and all that hold a line break."""
    breaks = (i for i in range(tokenizer.vocab_size) if "\n" in tokenizer.token_text(i))
    return tokenizer.special_ids | frozenset(breaks)


def answers(
    session: Session,
    prompts: Sequence[list[int]],
    end_ids: frozenset[int],
    *,
    progress: Progress = lambda done, total: None,
) -> list[list[int]]:
    """The greedy answer to each prompt: token ids up to and with the first of `end_ids`.

    Raises:
        ContextOverflowError: a prompt is longer than the session holds.
    """
    slot = KVSlot(session.new_kv())
    written = []
    for number, prompt in enumerate(prompts, start=1):
        slot.rewind(0)
        written.append(_answer(session, slot, prompt, end_ids))
        progress(number, len(prompts))
    return written


def measure(
    session: Session,
    prompts: Sequence[list[int]],
    reference: Sequence[list[int]],
    end_ids: frozenset[int],
    *,
    progress: Progress = lambda done, total: None,
) -> Agreement:
    """Compares `session` with what a reference answered to the same prompts.

    Raises:
        ContextOverflowError: a prompt and its answer are longer than the session holds.
    """
    slot = KVSlot(session.new_kv())
    chosen = written = same = 0
    for number, (prompt, wanted) in enumerate(zip(prompts, reference, strict=True), start=1):
        slot.rewind(0)
        choices = _choices_along(session, slot, prompt, wanted)
        chosen += sum(a == b for a, b in zip(choices, wanted, strict=True))
        # Up to its first difference the candidate stands where it would have got by itself.
        written += common_prefix(choices, wanted)
        same += choices == wanted
        progress(number, len(prompts))
    total = sum(map(len, reference))
    return Agreement(chosen / total, written / total, same / len(prompts), len(prompts), total)


def _answer(session: Session, slot: KVSlot, prompt: list[int], end_ids: frozenset[int]) -> list[int]:
    scores = prefill(session, slot, prompt, _never)
    ids: list[int] = []
    for token in decode(session, slot, scores, Chooser(pick_greedy), MAX_ANSWER_TOKENS, _never):
        ids.append(token.token_id)
        if token.token_id in end_ids:
            break
    return ids


def _choices_along(session: Session, slot: KVSlot, prompt: list[int], wanted: list[int]) -> list[int]:
    """The best token at each place of `wanted`, given the prompt and what stands before that place."""
    choices: list[int] = []

    def forced(scores: Scores, row: int) -> tuple[int, float]:
        choices.append(int(scores.next_ids[row]))
        return wanted[len(choices) - 1], 0.0

    # Token by token like an answer: not every processor rounds a run of several rows alike.
    scores = prefill(session, slot, prompt, _never)
    for _ in decode(session, slot, scores, Chooser(forced), len(wanted), _never):
        pass
    return choices


def _never() -> bool:
    return False
