"""The session for GPUs: the same bodies on ONNX Runtime's CPU provider, unmarked, and on a CUDA device.

Held against `OnnxSession` on the same fp16 graph. Widths, padding, parking and room at the end must not show in what is
said; only roundings may, as kernels differ by width.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glm_lsp.engine.choosing import Chooser
from glm_lsp.engine.cuda import provider
from glm_lsp.engine.cuda.buffers import DeviceArray
from glm_lsp.engine.cuda.opening import open_on_device
from glm_lsp.engine.cuda.run_shape import STEP_WIDTHS
from glm_lsp.engine.cuda.session import GRAPH_ID, CudaSession
from glm_lsp.engine.generation import CancelledError, decode, prefill
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.sampler import pick_greedy
from glm_lsp.engine.session import Session
from glm_lsp.engine.slots import KVSlot, SlotPool
from glm_lsp.errors import ContextOverflowError, DeviceError, GpuMemoryError, SessionError
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import tiny_model

CAPACITY = 128
NUM_IDS = 372
TOLERANCE = {"cpu": 0.02, "cuda": 0.1}
"""Of log-probabilities that reach from 0 to -10."""
EXHAUSTED = "Failed to allocate memory for requested buffer of size 1073741824"

Opener = Callable[..., CudaSession]


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    folder = tmp_path_factory.mktemp("device")
    return tiny_model(folder, precision="int8", activations="fp16", capacity=CAPACITY)


@pytest.fixture(scope="module")
def reference(model: ModelFolder) -> OnnxSession:
    return OnnxSession.open(model, device="cpu", threads=1)


@pytest.fixture
def open_it(model: ModelFolder, device: str) -> Opener:
    def opened(**options: Any) -> CudaSession:
        return open_on_device(model, device=device, **options)  # type: ignore[arg-type]

    return opened


@pytest.fixture(scope="module")
def session(model: ModelFolder, device: str) -> CudaSession:
    session = open_on_device(model, device=device)  # type: ignore[arg-type]
    session.warm_up()
    return session


def text(seed: int, length: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.randrange(NUM_IDS) for _ in range(length)]


def logits_of(
    session: Session, kv: Any, past: int, token_ids: list[int], sizes: Iterator[int] | list[int]
) -> NDArray[np.float32]:
    """All rows, the tokens cut into pieces of those sizes; the last piece takes the rest."""
    rows, start = [], 0
    for size in (*sizes, len(token_ids)):
        piece = token_ids[start : start + size]
        if not piece:
            break
        scores = session.run(kv, past + start, piece, len(piece), want_logits=True)
        assert scores.logits is not None
        rows.append(scores.logits.copy())
        start += len(piece)
    return np.concatenate(rows)


def close(found: NDArray[np.float32], expected: NDArray[np.float32], device: str) -> bool:
    return found.shape == expected.shape and float(np.abs(found - expected).max()) <= TOLERANCE[device]


def fail_runs(session: CudaSession, monkeypatch: pytest.MonkeyPatch, messages: list[str]) -> None:
    """The next runs fail with these messages, one each."""
    inference = session._place.inference
    real = inference.run_with_iobinding

    def run(binding: Any, options: Any = None) -> None:
        if messages:
            raise RuntimeError(messages.pop(0))
        real(binding, options)

    monkeypatch.setattr(inference, "run_with_iobinding", run)


def test_it_is_a_session_and_says_how_it_runs(session: CudaSession, device: str) -> None:
    checked: Session = session
    assert checked.capacity == CAPACITY
    assert checked.vocab_size == NUM_IDS
    report = session.report
    assert report.device == device
    assert sum(report.num_nodes.values()) > 20
    assert report.copies_blocks
    if device == "cpu":
        assert report.graph_widths == ()
        assert report.why_no_graphs == "not on a GPU"
    else:
        assert session.providers[0] == "CUDAExecutionProvider"
        assert report.graph_widths == STEP_WIDTHS, report.why_no_graphs


@pytest.mark.parametrize("sizes", [[], [1] * 40, [2, 3, 4, 5, 8, 9, 16], [64], [7] * 9])
def test_any_cut_gives_what_the_cpu_session_gives(
    session: CudaSession, reference: OnnxSession, device: str, sizes: list[int]
) -> None:
    token_ids = text(1, 100)
    expected = logits_of(reference, reference.new_kv(), 0, token_ids, [])
    assert close(logits_of(session, session.new_kv(), 0, token_ids, sizes), expected, device)


def test_best_ids_and_their_log_probabilities_belong_to_the_rows_asked_for(
    session: CudaSession, reference: OnnxSession, device: str
) -> None:
    token_ids = text(2, 90)
    for past, count, scored in ((0, 1, 1), (1, 3, 2), (4, 8, 8), (12, 11, 5), (23, 40, 1), (63, 20, 20)):
        kvs = {one: one.new_kv() for one in (session, reference)}
        found = []
        for one, kv in kvs.items():
            if past:
                one.run(kv, 0, token_ids[:past], 0)
            found.append(one.run(kv, past, token_ids[past : past + count], scored))
        ours, theirs = found
        assert ours.top_ids.shape == (scored, 8)
        assert close(ours.top_logprobs, theirs.top_logprobs, device)
        np.testing.assert_array_equal(ours.next_ids, ours.top_ids[:, 0])
        assert ours.logits is None


def test_padding_has_room_or_is_left_out_at_the_very_end(
    session: CudaSession, reference: OnnxSession, device: str
) -> None:
    token_ids = text(3, CAPACITY)
    expected = logits_of(reference, reference.new_kv(), 0, token_ids, [])
    for sizes in ([120, 3, 5], [121, 7], [125, 3], [127, 1], [100, 17, 11]):
        assert close(logits_of(session, session.new_kv(), 0, token_ids, sizes), expected, device)
    with pytest.raises(ContextOverflowError):
        session.run(session.new_kv(), CAPACITY - 3, [1] * 4, 1)


def test_rewinding_and_diverging_is_as_if_nothing_else_had_been(
    session: CudaSession, reference: OnnxSession, device: str
) -> None:
    shared, old, new = text(4, 30), text(5, 50), text(6, 33)
    kv = session.new_kv()
    logits_of(session, kv, 0, shared + old, [10, 8, 30])
    expected = logits_of(reference, reference.new_kv(), 0, shared + new, [])[30:]
    assert close(logits_of(session, kv, 30, new, [1, 5, 8]), expected, device)


@pytest.mark.parametrize("options", [{"num_slots": 4}, {"parks_on_host": True}, {"num_slots": 2}], ids=str)
@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "whole"])
def test_slots_that_alternate_are_as_if_each_were_alone(
    open_it: Opener, options: dict[str, Any], blocks: bool, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    if not blocks:
        monkeypatch.setattr("glm_lsp.engine.cuda.opening.open_block_copy", lambda *_: None)
    session = open_it(**options)
    texts = [text(10 + index, 90) for index in range(4)]
    alone = [logits_of(session, session.new_kv(), 0, ids, [60, *[6] * 5]) for ids in texts]
    slots = [session.new_kv() for _ in texts]
    found: list[list[NDArray[np.float32]]] = [[] for _ in texts]
    for past, size in ((0, 60), *((60 + 6 * step, 6) for step in range(5))):
        for slot, ids, rows in zip(slots, texts, found, strict=True):
            rows.append(logits_of(session, slot, past, ids[past : past + size], []))
    for rows, expected in zip(found, alone, strict=True):
        together = np.concatenate(rows)
        # The same shapes on the same bits: not even a rounding differs.
        np.testing.assert_array_equal(together, expected)
    on_device = sum(isinstance(slot.parked, DeviceArray) for slot in slots)
    places = {4: (3,), 2: (1, 2)}.get(options.get("num_slots", 0), (0,))
    assert on_device in (places if blocks else (0,))


def test_a_slot_nobody_has_any_more_is_not_parked(open_it: Opener) -> None:
    session = open_it(num_slots=2)
    kept = session.new_kv()
    session.run(kept, 0, text(1, 20), 1)
    for seed in range(5):
        session.run(session.new_kv(), 0, text(seed, 20), 1)  # gone at once
    other = session.new_kv()
    session.run(other, 0, text(9, 20), 1)
    assert isinstance(kept.parked, DeviceArray)
    session.run(kept, 20, [1], 1)
    assert isinstance(other.parked, DeviceArray), "there is room for one, and nobody else is in it"


def test_what_lies_in_the_memory_from_before_is_never_read(open_it: Opener, device: str) -> None:
    session = open_it()
    ids = text(20, 40)
    expected = logits_of(session, session.new_kv(), 0, ids, [])
    poisoned = open_it()
    memory = poisoned._hot.memory
    # Infinity in fp16; on a GPU, where kernels may multiply by zero, the greatest number: what was run is finite.
    bits = {"cpu": 0x7C00, "cuda": 0x7BFF}[device]
    memory.write(np.full(poisoned._hot.layout.shape, bits, np.uint16))
    found = logits_of(poisoned, poisoned.new_kv(), 0, ids, [])
    assert np.isfinite(found).all()
    assert close(found, expected, device)


def test_a_run_that_is_cancelled_keeps_its_chunks(
    session: CudaSession, reference: OnnxSession, device: str
) -> None:
    token_ids = text(7, 120)
    slot = KVSlot(session.new_kv())
    looks = iter([False, False, True])
    chunk = session.prefill_tokens
    session.prefill_tokens = 40
    try:
        with pytest.raises(CancelledError):
            prefill(session, slot, token_ids, lambda: next(looks))
        assert slot.token_ids == token_ids[:80]
        scored = prefill(session, slot, token_ids[80:], lambda: False)
    finally:
        session.prefill_tokens = chunk
    expected = reference.run(reference.new_kv(), 0, token_ids, 1)
    assert close(scored.scores.top_logprobs, expected.top_logprobs, device)


def test_without_memory_for_a_run_parked_slots_go_to_the_host_and_it_is_run_again(
    open_it: Opener, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    session = open_it(num_slots=3)
    texts = [text(30 + index, 50) for index in range(3)]
    slots = [session.new_kv() for _ in texts]
    for slot, ids in zip(slots, texts, strict=True):
        session.run(slot, 0, ids[:40], 0)
    assert sum(isinstance(slot.parked, DeviceArray) for slot in slots) == 2
    fail_runs(session, monkeypatch, [EXHAUSTED])
    found = [logits_of(session, slot, 40, ids[40:], []) for slot, ids in zip(slots, texts, strict=True)]
    assert not any(isinstance(slot.parked, DeviceArray) for slot in slots)
    for rows, ids in zip(found, texts, strict=True):
        assert close(rows, logits_of(session, session.new_kv(), 0, ids, [40])[40:], device)


def test_memory_that_stays_short_is_an_error_and_the_slot_as_before(
    open_it: Opener, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    session = open_it()
    kv, ids = session.new_kv(), text(40, 60)
    session.run(kv, 0, ids[:50], 0)
    fail_runs(session, monkeypatch, ["CUDA failure 2: out of memory"] * 9)
    chunk = session.prefill_tokens
    with pytest.raises(GpuMemoryError, match="out of memory"):
        session.run(kv, 50, ids[50:], 1)
    assert session.prefill_tokens == max(64, chunk // 2)
    monkeypatch.undo()
    expected = logits_of(session, session.new_kv(), 0, ids, [50])[50:]
    assert close(logits_of(session, kv, 50, ids[50:], []), expected, device)


def test_other_failures_are_told_in_a_line(open_it: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_it()
    fail_runs(session, monkeypatch, ["CUBLAS failure 13: it broke\nstack\nstack"])
    with pytest.raises(
        SessionError, match=r"running 2 tokens after 0 failed: CUBLAS failure 13: it broke\. Run"
    ):
        session.run(session.new_kv(), 0, [1, 2], 1)


def test_a_smaller_cache_than_the_model_was_built_for(
    open_it: Opener, reference: OnnxSession, device: str
) -> None:
    session = open_it(capacity=64)
    ids = text(50, 64)
    expected = logits_of(reference, reference.new_kv(), 0, ids, [])
    assert close(logits_of(session, session.new_kv(), 0, ids, [30, 1, 8]), expected, device)
    with pytest.raises(ContextOverflowError):
        session.run(session.new_kv(), 60, [1] * 5, 1)


def test_kernels_for_one_and_for_many_rows_agree(session: CudaSession) -> None:
    assert session.self_check() < 0.02


@pytest.mark.gpu
def test_graphs_on_is_graphs_off(model: ModelFolder) -> None:
    on, off = open_on_device(model), open_on_device(model, cuda_graphs=False)
    on.warm_up()
    off.warm_up()
    assert on.report.graph_widths == STEP_WIDTHS
    assert off.report.why_no_graphs == "switched off"
    for seed in range(20):
        ids = text(seed, 100)
        sizes = [random.Random(seed).choice((1, 2, 3, 5, 8)) for _ in range(40)]
        rows = [logits_of(one, one.new_kv(), 0, ids, [20, *sizes]) for one in (on, off)]
        np.testing.assert_allclose(rows[0], rows[1], atol=TOLERANCE["cuda"])


@pytest.mark.gpu
def test_memory_is_flat_over_ten_thousand_requests(model: ModelFolder) -> None:
    from glm_lsp.engine.cuda.gpu import find_gpus

    session = open_on_device(model)
    session.warm_up()
    slots = [session.new_kv() for _ in range(3)]
    free: list[int] = []
    for number in range(10_000):
        slot, length = slots[number % 3], 1 + number % 90
        session.run(slot, 0, text(number, length), 1)
        for step in range(4):
            session.run(slot, length + step, [step], 1)
        if number in (1_000, 9_999):
            free.append(find_gpus().gpus[0].free_bytes)
    assert free[0] - free[1] < 16 * 2**20


def test_a_model_for_the_cpu_is_refused_on_a_gpu(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = tiny_model(tmp_path_factory.mktemp("fp32"), capacity=64)
    with pytest.raises(DeviceError, match="fp32") as caught:
        open_on_device(model, device="cuda")
    assert "model import --device cuda" in caught.value.remedy


def written(session: Session, slot: KVSlot, new: list[int], count: int) -> list[int]:
    """Greedy tokens behind a prompt whose last tokens are `new`."""
    scored = prefill(session, slot, new, lambda: False)
    chooser = Chooser(pick_greedy)
    return [token.token_id for token in decode(session, slot, scored, chooser, count, lambda: False)]


def test_over_random_edits_warm_slots_write_what_cold_ones_write(open_it: Opener, device: str) -> None:
    """On the CPU, where kernels for two and more rows agree to the bit; on a GPU a tie may fall otherwise."""
    session = open_it(num_slots=2, widths=STEP_WIDTHS[1:])
    pool, rng = SlotPool(session, 3), random.Random(60)
    files = [text(60 + number, 60) for number in range(4)]
    num_cached = num_equal = 0
    for _ in range(60):
        prompt = rng.choice(files)
        place = rng.randrange(20, len(prompt))
        prompt[place:] = prompt[place + rng.randrange(3) :] + text(rng.randrange(10**6), rng.randrange(1, 6))
        del prompt[:-100]
        slot, cached = pool.take(prompt)
        warm = written(session, slot, prompt[cached:], 8)
        num_cached += cached
        num_equal += warm == written(session, KVSlot(session.new_kv()), prompt, 8)
    assert num_cached > 600, "else nothing was shown"
    assert num_equal == 60 if device == "cpu" else num_equal >= 50


def test_steps_run_with_their_graph_on_the_thread_that_captured_them_and_nothing_else_does(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU's provider takes the ids of graphs and does nothing with them."""
    load = provider.load

    def capturing(*arguments: Any, **options: Any) -> provider.Loaded:
        return replace(load(*arguments, **options), captures=True, why_not="")

    monkeypatch.setattr(provider, "load", capturing)
    session = open_on_device(model, device="cpu")
    assert session.report.why_no_graphs == "not captured yet"
    inference, used = session._place.inference, list[str]()
    real = inference.run_with_iobinding

    def run(binding: Any, options: Any) -> None:
        used.append(options.get_run_config_entry(GRAPH_ID))
        real(binding, options)

    monkeypatch.setattr(inference, "run_with_iobinding", run)

    def ids_of(*lengths: int) -> list[str]:
        used.clear()
        for length in lengths:
            session.run(session.new_kv(), 0, [1] * length, 1)
        return list(used)

    session.warm_up()
    assert session.report.graph_widths == STEP_WIDTHS
    assert {"1", "2", "3", "4", "-1"} == set(used)
    assert ids_of(1, 2, 3, 8, 9, 40) == ["1", "2", "3", "4", "-1", "-1"]
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(ids_of, 1, 8).result() == ["-1", "-1"]
    session._give_up_graphs()
    assert ids_of(1, 8) == ["-1", "-1"]
