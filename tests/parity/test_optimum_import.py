"""optimum's real export as a model folder of ours: the same logits, the same text, the cache used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.session import Session
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, Usage
from glm_lsp.importing.optimum_export import import_with_optimum
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.manifest import Source
from glm_lsp.models.model_writer import ModelFacts, ModelParts
from glm_lsp.models.store import ModelFolder
from tests.parity.cases import case_config, max_difference, run_in_chunks, some_token_ids
from tests.tiny_model import SAMPLE, random_weights, tiny_model

pytestmark = [pytest.mark.reference, pytest.mark.timeout(600)]

TIGHT = 2e-5
NUM_TOKENS = 64


def exported(checkpoint: Path, config: GlmConfig, target: Path) -> ModelFolder:
    parts = ModelParts(
        checkpoint=Checkpoint(checkpoint, native_layout(config)),
        tokenizer=(checkpoint / "tokenizer.json").read_bytes(),
    )
    facts = ModelFacts(
        name="theirs", prompt_profile="codegeex4", source=Source(sha256="", description="random")
    )
    options = GraphOptions(precision="fp32", capacity=512, real_vocab_size=config.vocab_size)
    return import_with_optimum(parts, options, facts, target)


def greedy(session: Session, prompt: list[int], *, uses_cache: bool) -> list[int]:
    """So many tokens, by steps of one behind what is cached, or from nothing each time."""
    kv, text = session.new_kv(), list(prompt)
    while len(text) < len(prompt) + NUM_TOKENS:
        past = len(text) - 1 if uses_cache and len(text) > len(prompt) else 0
        kv = kv if uses_cache else session.new_kv()
        text.append(int(session.run(kv, past, text[past:], 1).next_ids[0]))
    return text[len(prompt) :]


def completed(engine: Engine) -> tuple[list[str], Usage]:
    request = CompletionRequest(prompt=SAMPLE, max_tokens=NUM_TOKENS, logprobs=0, glm=GlmOptions(raw=True))
    chunks = list(engine.complete(request))
    usage = chunks[-1].usage
    assert usage is not None
    tokens = [
        token for chunk in chunks for one in chunk.choices if one.logprobs for token in one.logprobs.tokens
    ]
    return tokens, usage


@pytest.mark.parametrize(
    "name", ["tied-bias-half", "full-rotary-no-bias", "linear-rope", "glm4-bias", "glm4-no-bias-untied"]
)
def test_logits_equal_ours_and_text_does_too(tmp_path: Path, name: str) -> None:
    config = case_config(name)
    ours = tiny_model(tmp_path, config, real_vocab_size=config.vocab_size, capacity=512)
    theirs = exported(tmp_path / "checkpoint", config, tmp_path / "theirs")
    assert theirs.manifest.graph_kind == "past-present"
    token_ids = some_token_ids(config, 60)
    own, session = OnnxSession.open(ours, threads=1), open_session(theirs, threads=1)
    expected = run_in_chunks(own, own.new_kv(), 0, token_ids, [])
    for sizes in ([], [1] * 60, [17, 8, 1]):
        assert (
            max_difference(run_in_chunks(session, session.new_kv(), 0, token_ids, sizes), expected) <= TIGHT
        )
    text = greedy(own, token_ids[:20], uses_cache=True)
    assert greedy(session, token_ids[:20], uses_cache=True) == text
    assert greedy(session, token_ids[:20], uses_cache=False) == text
    assert session.self_check() < 1e-4
    with Engine.load(theirs, threads=1) as engine, Engine.load(ours, threads=1) as own_engine:
        cold, without = completed(engine)
        warm, cached = completed(engine)
        assert warm == cold == completed(own_engine)[0]
    assert without.prompt_tokens_details.cached_tokens == 0
    assert cached.prompt_tokens_details.cached_tokens > 0


def test_a_checkpoint_of_sixteen_bits_is_exported_in_fp32(tmp_path: Path) -> None:
    config = case_config("tied-bias-half")
    ours = tiny_model(tmp_path, config, real_vocab_size=config.vocab_size)
    halves = {name: values.astype(np.float16) for name, values in random_weights(config).items()}
    save_file(halves, tmp_path / "checkpoint" / "model.safetensors", metadata={"format": "pt"})
    theirs = open_session(exported(tmp_path / "checkpoint", config, tmp_path / "theirs"), threads=1)
    token_ids = some_token_ids(config, 30)
    found = run_in_chunks(theirs, theirs.new_kv(), 0, token_ids, [])
    own = OnnxSession.open(ours, threads=1)
    difference = max_difference(found, run_in_chunks(own, own.new_kv(), 0, token_ids, []))
    assert found.dtype == np.float32
    assert TIGHT < difference < 0.1
