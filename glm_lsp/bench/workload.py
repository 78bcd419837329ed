"""The work every contestant does: prompts as token ids, and how many tokens to write behind each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.stop import StopRule, stop_rule
from glm_lsp.engine.answer import Answer
from glm_lsp.engine.generation import SPARE_TOKENS
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import Session
from glm_lsp.engine.slots import SlotPool, common_prefix
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.progress import Progress, silent


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
    progress: Progress = silent,
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
        progress(number + 1, len(requests))
    return tasks


def text_of(tokenizer: SourceTokenizer, token_ids: Sequence[int]) -> str:
    """The text of an answer; end tokens have none."""
    answer = Answer(tokenizer, StopRule(()))
    pieces = [answer.push(token_id) for token_id in token_ids if token_id not in tokenizer.special_ids]
    return "".join([*pieces, answer.finish()])


def greedy(session: Session, pool: SlotPool, token_ids: Sequence[int]) -> Iterator[int]:
    """Plain decoding, one token a step, as long as it is asked for and the model has room."""
    slot, cached = pool.take(token_ids)
    new = list(token_ids[cached:])
    while slot.num_tokens + len(new) <= session.capacity - SPARE_TOKENS:
        for start in range(0, len(new), session.prefill_tokens):
            chunk = new[start : start + session.prefill_tokens]
            scores = session.run(slot.kv, slot.num_tokens, chunk, 1)
            slot.token_ids += chunk
        new = [int(scores.next_ids[0])]
        yield new[0]


def _written(
    session: Session,
    pool: SlotPool,
    tokenizer: SourceTokenizer,
    request: CompletionRequest,
    token_ids: list[int],
) -> list[int]:
    answer = Answer(tokenizer, _stop_rule(request), 0)
    written: list[int] = []
    for token_id in islice(greedy(session, pool, token_ids), request.max_tokens):
        written.append(token_id)
        if token_id in tokenizer.special_ids:
            break
        answer.push(token_id)
        if answer.stopped:
            break
    return written


def _stop_rule(request: CompletionRequest) -> StopRule:
    mode = None if request.is_raw else request.glm.mode or Mode.BLOCK
    return stop_rule(
        mode, request.prompt_text, request.glm.rest_of_line, request.suffix, request.stop_strings
    )
