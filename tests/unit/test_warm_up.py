"""CUDA graphs are believed only when a replay says what a plain run says; sizes are measured on warm runs."""

from __future__ import annotations

import numpy as np
import pytest

from glm_lsp.engine.cuda import warm_up
from glm_lsp.engine.cuda.run_shape import NO_GRAPH, RunShape, RunShapes
from glm_lsp.engine.session import KVCache, Scores
from glm_lsp.errors import DeviceError, GlmError, GpuMemoryError, SessionError
from tests.fakes.fake_session import FakeKV

NUM_IDS = 50
SHAPES = RunShapes(256)


class GraphSession:
    """Scores that follow from place and tokens. `flaw` of its graphs: "fails", "frozen tokens", "frozen place", and
    "overwritten" by what is captured later."""

    capacity = 256

    def __init__(self, flaw: str = "", bad_width: int = 4) -> None:
        self.flaw, self.bad_width = flaw, bad_width
        self.captured: dict[int, tuple[int, list[int]]] = {}
        self.runs: list[RunShape] = []

    def new_kv(self) -> FakeKV:
        return FakeKV(self.capacity)

    def run_shape(
        self, kv: KVCache, past: int, token_ids: list[int], shape: RunShape, *, want_logits: bool = False
    ) -> Scores:
        del kv
        self.runs.append(shape)
        assert past + shape.num_tokens <= self.capacity
        if shape.graph_id != NO_GRAPH:
            first_past, first_ids = self.captured.setdefault(shape.graph_id, (past, token_ids))
            if shape.num_tokens == self.bad_width:
                if self.flaw == "fails":
                    raise SessionError("operation not permitted when stream is capturing")
                token_ids = first_ids if self.flaw == "frozen tokens" else token_ids
                past = first_past if self.flaw == "frozen place" else past
                if self.flaw == "overwritten" and len(self.captured) == len(SHAPES.steps):
                    token_ids = [0] * len(token_ids)
        values = -np.array(token_ids[-shape.num_rows :], np.float32)[:, None] - past / 10 - np.arange(8)
        ids = np.zeros((shape.num_rows, 8), np.int64)
        # The best few are alike whatever was read; only the whole tells.
        logits = np.sin(values.astype(np.float32) * 7) if want_logits else None
        return Scores(ids[:, 0], ids, np.zeros((shape.num_rows, 8), np.float32), logits)


def test_graphs_that_repeat_what_runs_say_are_kept() -> None:
    session, given_up = GraphSession(), list[bool]()
    assert warm_up.capture(session, SHAPES.steps, NUM_IDS, lambda: given_up.append(True)) == ""
    assert not given_up
    assert sorted(session.captured) == [shape.graph_id for shape in SHAPES.steps]


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        ("fails", "capturing 4 tokens failed: operation not permitted when stream is capturing"),
        ("frozen tokens", "a replay of 4 tokens differs"),
        ("frozen place", "a replay of 4 tokens differs"),
        ("overwritten", "a replay of 4 tokens differs"),
    ],
)
def test_the_first_that_does_not_ends_all_of_them_and_says_why(flaw: str, reason: str) -> None:
    session, given_up = GraphSession(flaw), list[bool]()
    found = warm_up.capture(session, SHAPES.steps, NUM_IDS, lambda: given_up.append(True))
    assert found.startswith(reason)
    assert given_up == [True]


@pytest.mark.parametrize("error", [GpuMemoryError("none left"), DeviceError("it is lost")])
def test_what_says_nothing_about_graphs_is_not_taken_for_their_fault(error: GlmError) -> None:
    session, given_up = GraphSession(), list[bool]()

    def failing(*_: object, **__: object) -> Scores:
        raise error

    session.run_shape = failing  # type: ignore[method-assign]
    with pytest.raises(type(error)):
        warm_up.capture(session, SHAPES.steps, NUM_IDS, lambda: given_up.append(True))
    assert not given_up


def test_a_cache_too_small_for_the_check_goes_without() -> None:
    session = GraphSession()
    session.capacity = 30
    assert "too small" in warm_up.check_replay(session, SHAPES.steps[-1], NUM_IDS)


def test_each_size_is_run_before_it_is_timed() -> None:
    session = GraphSession()
    seconds = warm_up.time_prefill(session, NUM_IDS)
    assert list(seconds) == [64, 128, 256]
    assert [shape.num_tokens for shape in session.runs] == [64, 64, 128, 128, 256, 256]
    assert {shape.num_rows for shape in session.runs} == {1}
    assert all(shape == SHAPES.plan(0, shape.num_tokens, 1).shape for shape in session.runs), (
        "buffers are kept"
    )
