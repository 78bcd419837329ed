"""The work every contestant does: prompts as token ids, and how many tokens to write behind each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.stop import StopRule, stop_rule
from glm_lsp.engine.answer import Answer
from glm_lsp.engine.generation import decode, prefill
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sampler import pick_greedy
from glm_lsp.engine.session import Session
from glm_lsp.engine.slots import SlotPool, common_prefix
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest


@dataclass(frozen=True, slots=True)
class Task:
    """One request.

    Attributes:
        token_ids: the prompt.
        num_tokens: to write; 0 asks for the prompt to be read only.
        expected: what plain greedy decoding of this program writes, `num_tokens` ids.
        num_new: prompt tokens that the prompt and answer before do not begin with; at least 1.
    """

    token_ids: list[int]
    num_tokens: int
    expected: list[int]
    num_new: int


def plan_tasks(
    requests: Sequence[CompletionRequest],
    session: Session,
    tokenizer: SourceTokenizer,
    encoder: PromptEncoder,
    progress: Callable[[float], None] = lambda _share: None,
) -> list[Task]:
    """What the engine does for these requests without healing, copying or speculation, as work for anybody.

    The lengths come from the product's stop rules. A prompt that leaves no room for its answer gets a shorter one.
    """
    pool, tasks, before = SlotPool(session, 1), [], list[int]()
    for number, request in enumerate(requests):
        token_ids = encoder.encode(request)
        num_new = max(1, len(token_ids) - common_prefix(before, token_ids))
        expected = [] if request.glm.warm_up else _written(session, pool, tokenizer, request, token_ids)
        tasks.append(Task(token_ids, len(expected), expected, num_new))
        before = token_ids + expected
        progress((number + 1) / len(requests))
    return tasks


def greedy(session: Session, pool: SlotPool, token_ids: list[int], num_tokens: int) -> list[int]:
    """`num_tokens` ids by plain decoding, end tokens among them."""
    slot, cached = pool.take(token_ids)
    scores = prefill(session, slot, token_ids[cached:], lambda: False)
    return [token.token_id for token in decode(session, slot, scores, pick_greedy, num_tokens, lambda: False)]


def _written(
    session: Session,
    pool: SlotPool,
    tokenizer: SourceTokenizer,
    request: CompletionRequest,
    token_ids: list[int],
) -> list[int]:
    slot, cached = pool.take(token_ids)
    scores = prefill(session, slot, token_ids[cached:], lambda: False)
    answer = Answer(tokenizer, _stop_rule(request), 0)
    written: list[int] = []
    for token in decode(session, slot, scores, pick_greedy, request.max_tokens, lambda: False):
        written.append(token.token_id)
        if token.token_id in tokenizer.special_ids:
            break
        answer.push(token.token_id)
        if answer.stopped:
            break
    return written


def _stop_rule(request: CompletionRequest) -> StopRule:
    mode = None if request.is_raw else request.glm.mode or Mode.BLOCK
    return stop_rule(
        mode, request.prompt_text, request.glm.rest_of_line, request.suffix, request.stop_strings
    )
