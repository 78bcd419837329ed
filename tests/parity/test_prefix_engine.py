"""An engine with a model that reads its context in both directions: the cache never changes an answer.

A keystroke changes the keys and values of the whole context, so nothing of it may be kept; what is asked again is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, GlmOptions
from glm_lsp.errors import ContextOverflowError
from glm_lsp.evaluate.bits_per_byte import measure_middles
from glm_lsp.evaluate.lines import LineTask
from glm_lsp.models.store import ModelFolder
from tests.parity.test_cache_equality import Editor, answer, forget
from tests.prefix_models import SUBJECTS, blank_model
from tests.tiny_model import SAMPLE

MAX_TOKENS = 6


@pytest.fixture(scope="module", params=SUBJECTS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return blank_model(tmp_path_factory.mktemp("blank"), request.param)


@pytest.fixture(scope="module")
def warm(folder: ModelFolder) -> Iterator[Engine]:
    with Engine.load(folder, threads=1) as engine:
        yield engine


@pytest.fixture(scope="module")
def cold(folder: ModelFolder) -> Iterator[Engine]:
    """Without a cache and without guesses."""
    with Engine.load(folder, threads=1, speculates=False) as engine:
        yield engine


def asked(prompt: str, suffix: str = "", **options: object) -> CompletionRequest:
    request = CompletionRequest(
        prompt=prompt, suffix=suffix, max_tokens=MAX_TOKENS, logprobs=0, glm=GlmOptions(path="a.py")
    )
    return msgspec.structs.replace(request, **options)


@pytest.mark.parametrize("suffix", ["", "    return done\n"])
def test_typing_keeps_nothing_and_answers_stay_right(warm: Engine, cold: Engine, suffix: str) -> None:
    forget(warm)
    for end in range(40, 70):
        request = asked(SAMPLE[:end], suffix)
        forget(cold)
        tokens, prompt, cached = answer(warm, request)
        assert cached == 0
        assert prompt > 10
        assert tokens == answer(cold, request)[0]


def test_what_is_asked_again_is_kept(warm: Engine, cold: Engine) -> None:
    request = asked(SAMPLE[:80], "x = 1\n")
    forget(warm)
    forget(cold)
    first, prompt, cached = answer(warm, request)
    assert cached == 0
    again, _, cached = answer(warm, request)
    assert cached == prompt - 1
    assert first == again == answer(cold, request)[0]


def test_nothing_is_read_in_advance(warm: Engine, cold: Engine) -> None:
    request = asked(SAMPLE[:75], "x = 2\n")
    forget(warm)
    forget(cold)
    runs = warm.counters()["runs"]
    options = msgspec.structs.replace(request.glm, warm_up=True)
    assert answer(warm, msgspec.structs.replace(request, glm=options))[0] == []
    assert warm.counters()["runs"] == runs
    tokens, _, cached = answer(warm, request)
    assert (tokens, cached) == (answer(cold, request)[0], 0)


def test_edit_traces(warm: Engine, cold: Engine) -> None:
    kept = asked_again = 0
    for trace in range(30):
        editor = Editor(random.Random(trace))
        for _ in range(5):
            editor.edit()
            request = editor.request()
            forget(cold)
            tokens, prompt, cached = answer(warm, request)
            assert tokens == answer(cold, request)[0], f"trace {trace}"
            assert cached in (0, prompt - 1)
            kept += cached > 0
            tokens, prompt, cached = answer(warm, request)
            assert cached == prompt - 1
            asked_again += tokens == answer(cold, request)[0]
    assert asked_again == 150
    assert kept < 30


def texts(chunks: list[CompletionChunk], count: int) -> list[str]:
    found = [""] * count
    for chunk in chunks:
        for choice in chunk.choices:
            found[choice.index] += choice.text
    return found


def test_several_choices_start_from_the_same_prompt(warm: Engine, cold: Engine) -> None:
    request = asked(SAMPLE[:60], "x = 1\n", n=3, temperature=0.9, seed=5, logprobs=None)
    expected = texts(list(cold.complete(request)), 3)
    assert texts(list(warm.complete(request)), 3) == expected
    alone = msgspec.structs.replace(request, n=1, temperature=0.0)
    assert texts(list(cold.complete(alone)), 1) == expected[:1]


def test_a_long_context_is_cut_to_fit_and_too_long_a_prompt_is_refused(
    warm: Engine, folder: ModelFolder
) -> None:
    tokens, prompt, _ = answer(warm, asked(SAMPLE * 20, SAMPLE * 10))
    assert tokens
    assert 200 < prompt < folder.manifest.capacity
    start = folder.config.start_token_id  # type: ignore[union-attr]
    with pytest.raises(ContextOverflowError):
        list(warm.complete(asked((*[9] * folder.manifest.capacity, start))))  # type: ignore[arg-type]
    assert answer(warm, asked(SAMPLE[:50]))[0]


def test_fewer_bits_can_be_asked_too(tmp_path: Path) -> None:
    folder = blank_model(tmp_path, "chatglm-6b", precision="int8")
    with Engine.load(folder, threads=1) as engine:
        request = asked("def f():\n")
        assert answer(engine, request)[0] == answer(engine, request)[0] != []


def test_held_out_lines_are_scored_behind_a_whole_context(tmp_path: Path, folder: ModelFolder) -> None:
    tokenizer, profile = SourceTokenizer.open(folder.tokenizer_path), folder.manifest.prompt_profile
    task = LineTask(
        path="a.py", language="Python", prefix=SAMPLE * 2, wanted="return self.value", suffix=SAMPLE
    )
    session = OnnxSession.open(folder, threads=1)
    found = measure_middles(session, tokenizer, profile, 512, [task])
    assert found is not None
    request = CompletionRequest(
        prompt=task.prefix, suffix=task.suffix, glm=GlmOptions(path=task.path, language=task.language)
    )
    prompt, middle = PromptEncoder(tokenizer, profile, 512).encode(request), tokenizer.encode(task.wanted)
    assert len(prompt) > 256
    rows = [*prompt, *middle][:-1]
    logits = session.run(session.new_kv(), 0, rows, len(middle), want_logits=True).logits
    assert logits is not None
    shares = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    expected = -np.log2(shares[np.arange(len(middle)), middle]).sum()
    assert found.infilling.bits == pytest.approx(expected, rel=1e-5)
