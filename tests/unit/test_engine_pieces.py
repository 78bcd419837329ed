"""A whole engine over tokenizers of pieces: with healing and copying, guessing changes no answer."""

from __future__ import annotations

import random

import pytest

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.copying import Copier
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.draft_record import DraftRecord
from glm_lsp.engine.drafting import Speculator
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.step_costs import StepCosts
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.engine.worker import Worker
from glm_lsp.models.manifest import CopyWeights
from tests.fakes.scored_session import ScoredSession
from tests.unit.test_engine_tokenizer import CODE, tokenizer

FAMILIES = ("chatglm3", "codegeex2", "chatglm-6b", "glm-4")
HALF = CopyWeights(bias=0, length=0, places=0, agreement=0, best=0, copied=0, same=0)


def engine(family: str, *, speculates: bool = False, copies: bool = False, heals: bool = False) -> Engine:
    source = tokenizer(family)
    session = ScoredSession(source.vocab_size)
    vocabulary = VocabularyIndex(source.byte_vocabulary())
    worker = Worker(
        session,
        source,
        PromptEncoder(source, "plain", session.capacity, "tokens" if heals else "off"),
        num_slots=2,
        copier=Copier(vocabulary, HALF, source.special_ids) if copies else None,
        speculator=Speculator(vocabulary, source.special_ids, DraftRecord(StepCosts()))
        if speculates
        else None,
    )
    return Engine(worker, EngineDescription(model="fake", num_slots=2))


def answer(one: Engine, request: CompletionRequest) -> tuple[str, list[float], list[str]]:
    """The text, and its tokens' log-probabilities and texts."""
    choices = [choice for chunk in one.complete(request) for choice in chunk.choices]
    logprobs = [choice.logprobs for choice in choices if choice.logprobs]
    return (
        "".join(choice.text for choice in choices),
        [value for each in logprobs for value in each.token_logprobs],
        [text for each in logprobs for text in each.tokens],
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("copies", "heals"), [(False, False), (True, False), (True, True)])
def test_guessing_changes_no_answer(family: str, copies: bool, heals: bool) -> None:
    rng = random.Random(7)
    with (
        engine(family, speculates=True, copies=copies, heals=heals) as on,
        engine(family, copies=copies, heals=heals) as off,
    ):
        for _ in range(12):
            begin, end = rng.randrange(20), rng.randrange(40, len(CODE))
            request = CompletionRequest(
                prompt=CODE[begin:end],
                max_tokens=rng.randrange(1, 25),
                logprobs=1,
                glm=GlmOptions(mode=rng.choice((Mode.LINE, Mode.BLOCK)), text_before=CODE),
            )
            assert answer(on, request) == answer(off, request)
