"""The work of a comparison: the prompts of the product, and as many tokens as its stop rules let through."""

from __future__ import annotations

from itertools import islice

import pytest

from glm_lsp.bench.workload import Task, greedy, plan_tasks, text_of
from glm_lsp.completion.mode import Mode
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.slots import SlotPool
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import SAMPLE, tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("model"), capacity=256)


def plan(model: ModelFolder, requests: list[CompletionRequest]) -> list[Task]:
    tokenizer = SourceTokenizer.open(model.tokenizer_path)
    encoder = PromptEncoder(tokenizer, model.manifest.prompt_profile, model.manifest.context_length)
    return plan_tasks(requests, OnnxSession.open(model, threads=1), tokenizer, encoder)


def line(prompt: str, **options: object) -> CompletionRequest:
    return CompletionRequest(prompt=prompt, max_tokens=24, glm=GlmOptions(mode=Mode.LINE, **options))  # type: ignore[arg-type]


def test_answers_are_those_of_the_engine_up_to_its_stop(model: ModelFolder) -> None:
    requests = [line(SAMPLE[:end]) for end in range(60, 160, 7)]
    tokenizer = SourceTokenizer.open(model.tokenizer_path)
    tasks = plan(model, requests)
    assert len({task.num_tokens for task in tasks}) > 1, "all answers are equally long"
    with Engine.load(model, threads=1) as engine:
        for request, task in zip(requests, tasks, strict=True):
            chunks = list(engine.complete(request))
            usage = chunks[-1].usage
            assert usage is not None
            assert usage.prompt_tokens == len(task.token_ids)
            assert usage.completion_tokens == task.num_tokens == len(task.expected)
            text = "".join(choice.text for chunk in chunks for choice in chunk.choices)
            assert text_of(tokenizer, task.expected).startswith(text)


def test_new_tokens_are_those_behind_what_was_there(model: ModelFolder) -> None:
    one, same, other = plan(model, [line(SAMPLE[:80]), line(SAMPLE[:80]), line("x = 1\n" + SAMPLE[:80])])
    assert one.num_new == len(one.token_ids)
    assert same.num_new == 1
    assert 1 < other.num_new <= len(other.token_ids)


def test_warming_up_asks_for_no_tokens(model: ModelFolder) -> None:
    (task,) = plan(model, [line(SAMPLE[:80], warm_up=True)])
    assert (task.num_tokens, task.expected) == (0, [])


def test_greedy_ends_where_the_model_is_full(model: ModelFolder) -> None:
    session = OnnxSession.open(model, threads=1, capacity=20)
    pool = SlotPool(session, 1)
    # Engines leave the last place free; see `engine.generation.SPARE_TOKENS`.
    assert len(list(greedy(session, pool, [7] * 15))) == 5
    assert list(islice(greedy(session, pool, [7] * 15), 3)) == list(greedy(session, pool, [7] * 15))[:3]
