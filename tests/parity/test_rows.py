"""What is said about a token does not depend on how many tokens are run together, bit for bit.

A promise about this processor's kernels, so it stays out of the default run: elsewhere an answer may depend on the
cache in near-ties, which is no error.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from glm_lsp.bench.environment import look_around
from glm_lsp.bench.recording import recorded_requests
from glm_lsp.bench.speculation import measure_speculation
from glm_lsp.bench.trace.trace import own_trace
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.evaluate.held_out import held_out
from glm_lsp.models.precision import FITTING, Precision
from glm_lsp.models.store import ModelFolder, ModelStore
from tests.tiny_model import tiny_model

LENGTH = 200
SPLITS = [[1], [2], [3, 1], [5, 1, 16], [64], [128], [7, 60, 1, 128]]
NUM_PROMPTS = 400
"""Of each of three kinds: more than a thousand in all."""

pytestmark = pytest.mark.slow


def rows(
    session: OnnxSession, token_ids: Sequence[int], sizes: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    kv, found, past = session.new_kv(), [], 0
    while past < len(token_ids):
        chunk = token_ids[past : past + sizes[len(found) % len(sizes)]]
        scores = session.run(kv, past, chunk, len(chunk), want_logits=True)
        assert scores.logits is not None
        found.append(scores.logits.copy())
        past += len(chunk)
    return np.concatenate(found), kv.values[..., : len(token_ids), :].copy()


@pytest.mark.parametrize("precision", FITTING["fp32"])
@pytest.mark.parametrize("threads", [1, 2])
def test_logits_and_keys_are_equal_however_they_are_cut(
    tmp_path: Path, precision: Precision, threads: int
) -> None:
    folder = tiny_model(tmp_path, precision=precision, capacity=256)
    session = OnnxSession.open(folder, threads=threads)
    token_ids = [number * 7 % 300 for number in range(LENGTH)]
    logits, values = rows(session, token_ids, [8])
    for sizes in SPLITS:
        again, same = rows(session, token_ids, sizes)
        assert np.array_equal(again, logits), sizes
        assert np.array_equal(same, values), sizes


@pytest.fixture(scope="module")
def starter() -> ModelFolder:
    return ModelStore().resolve("starter")


def test_the_starter_says_the_same_with_and_without_guessing(starter: ModelFolder) -> None:
    with Engine.load(starter, threads=2) as engine:
        environment = look_around(engine.describe())
        typed = recorded_requests(own_trace(), engine)
    result = measure_speculation(
        starter, environment, typed, held_out([], are_files=False).files, num_prompts=NUM_PROMPTS
    )
    counted = {kind: (each["identical"], each["requests"]) for kind, each in result.figures.items()}
    assert sum(requests for _, requests in counted.values()) > 1000
    assert all(identical == requests for identical, requests in counted.values()), counted
