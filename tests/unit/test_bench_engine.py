"""`bench engine`: what is timed, what it is compared with, and the figures that come of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glm_lsp.bench import engine as engine_room
from glm_lsp.bench import engine_requests, startup
from glm_lsp.bench import floor as floor_room
from glm_lsp.bench.bandwidth import read_bandwidth
from glm_lsp.bench.cancelling import PHASES, measure_cancels
from glm_lsp.bench.device_copy import copy_bandwidth
from glm_lsp.bench.endurance import endure
from glm_lsp.bench.engine import bench_engine, first_request, kv_token_bytes, longest_prompt, own_tokens
from glm_lsp.bench.engine_figures import (
    decode_figures,
    endurance_figures,
    first_token_figures,
    graph_figures,
    long_figures,
    pause_figures,
    verification_figures,
)
from glm_lsp.bench.engine_process import engine_process
from glm_lsp.bench.engine_table import engine_table
from glm_lsp.bench.first_token import Reply, Round, measure_after_pauses, measure_first_tokens
from glm_lsp.bench.floor import Floor, measure_floor, weight_bytes
from glm_lsp.bench.memory_use import memory_readers
from glm_lsp.bench.sampling import MIN_ROUNDS, interleaved
from glm_lsp.bench.startup import StartTimes, measure_starts
from glm_lsp.bench.steps import VERIFIED, FilledCache, prompt_lengths
from glm_lsp.engine.cuda.opening import open_on_device
from glm_lsp.engine.cuda.session import CudaSession
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import KVCache, Scores
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import EngineStartError
from glm_lsp.models.store import ModelFolder
from glm_lsp.models.tensors import tensors_of
from tests.fakes.fake_session import FakeSession
from tests.page_rows import left_out
from tests.tiny_model import tiny_config, tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("model"), precision="int8")


def test_rounds_begin_with_another_case_each_time() -> None:
    called: list[str] = []

    def case(name: str) -> float:
        called.append(name)
        return float(len(called))

    samples = interleaved({name: lambda name=name: case(name) for name in "abc"}, 0)
    assert "".join(called) == "abc" + ("abcbcacab" * 2)[: 3 * MIN_ROUNDS]
    assert samples["a"] == [4.0, 9.0, 11.0, 13.0, 18.0]
    assert {len(found) for found in samples.values()} == {MIN_ROUNDS}


def test_rounds_end_with_the_time() -> None:
    now = [0.0]

    def case() -> float:
        now[0] += 0.25
        return 1.0

    told: list[tuple[int, int]] = []
    samples = interleaved({0: case}, 10, lambda done, total: told.append((done, total)), clock=lambda: now[0])
    assert len(samples[0]) == 40
    assert told[0] == (0, 10_000)
    assert told[-1] == (9750, 10_000)


def test_bandwidth_is_that_of_reading() -> None:
    # Summing in Python is far slower than memory; no memory reads a terabyte per second on a few threads.
    assert 0.2 < read_bandwidth(1 << 20, 2) < 5000


@pytest.mark.parametrize("tied", [True, False])
def test_a_step_reads_every_weight_but_an_embedding_that_is_no_head(tmp_path: Path, tied: bool) -> None:
    config = tiny_config(tie_word_embeddings=tied)
    model = tiny_model(tmp_path, config)
    read = {name: int(np.prod(shape)) * 4 for name, shape in tensors_of(config).items()}
    table = "lm_head.weight" if not tied else "model.embed_tokens.weight"
    read[table] = read[table] * model.manifest.vocab_size // config.vocab_size  # padded rows are not scored
    if not tied:
        del read["model.embed_tokens.weight"]
    small = sum(size for size in read.values() if size <= 1024)  # kept inside the graph
    assert weight_bytes(model) == sum(read.values()) - small


def test_eight_bits_take_a_byte_and_a_scale_for_each_block(folder: ModelFolder, tmp_path: Path) -> None:
    assert weight_bytes(folder) / weight_bytes(tiny_model(tmp_path)) == pytest.approx((1 + 4 / 32) / 4)


def test_a_floor_grows_with_the_cache_that_is_read() -> None:
    floor = Floor(weight_bytes=8_000_000, kv_token_bytes=1000, memory_gb_s=10, resident_gb_s=100)
    assert floor.memory_ms(999) == pytest.approx(0.9)
    assert floor.resident_ms(999) == pytest.approx(0.09)


def test_lengths_double_and_end_with_the_longest() -> None:
    assert prompt_lengths(448) == [32, 64, 128, 256, 448]
    assert prompt_lengths(512) == [32, 64, 128, 256, 512]
    assert prompt_lengths(20) == [20]


class WatchedSession(FakeSession):
    """Notes what is run."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity=capacity)
        self.watched: list[tuple[int, int, int]] = []

    def run(self, kv: KVCache, past: int, token_ids: Any, num_scored: int, **options: Any) -> Scores:
        self.watched.append((past, len(token_ids), num_scored))
        return super().run(kv, past, token_ids, num_scored, **options)


def test_steps_run_behind_a_cache_that_was_really_filled() -> None:
    session = WatchedSession(capacity=200)
    cache = FilledCache(session, list(range(1, 80)) * 3)
    assert cache.num_tokens == 184
    assert session.watched == [(0, 128, 0), (128, 56, 1)]
    decode, verification = cache.decode_ms([32, 184], 0), cache.verification_ms(64, 0)
    timed = set(session.watched[2:])
    assert timed == {(32, 1, 1), (184, 1, 1)} | {(64, number, number) for number in VERIFIED}
    assert list(decode) == [32, 184]
    assert list(verification) == list(VERIFIED)
    assert {len(samples) for samples in (decode | verification).values()} == {MIN_ROUNDS}


def test_cold_prompts_share_nothing_and_warm_ones_all_but_a_keystroke(folder: ModelFolder) -> None:
    with Engine.load(folder, max_slots=1) as engine:
        rounds = measure_first_tokens(engine, own_tokens(folder)[:300], (32, 128), 0)
    assert {length: len(found) for length, found in rounds.items()} == {32: MIN_ROUNDS, 128: MIN_ROUNDS}
    for length, found in rounds.items():
        for each in found:
            assert (each.cold.num_prompt, each.cold.num_cached) == (length, 0)
            assert (each.warm.num_prompt, each.warm.num_cached) == (length, length - 2)
            assert (each.answer.num_prompt, each.answer.num_cached) == (length, length - 2)
            assert each.cold.num_tokens == each.warm.num_tokens == 1
            assert 0 < each.cold.prefill_ms < each.cold.ms


def test_answers_after_a_pause_wait_before_they_are_timed(
    folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with Engine.load(folder, max_slots=1) as engine:
        replies = measure_after_pauses(engine, own_tokens(folder)[:64], (0.0, 0.5), 0)
    assert sorted(slept) == [0.0] * (MIN_ROUNDS + 1) + [0.5] * (MIN_ROUNDS + 1)
    assert list(replies) == [0.0, 0.5]
    found = [reply for each in replies.values() for reply in each]
    assert {(reply.num_prompt, reply.num_cached, reply.num_tokens) for reply in found} == {(64, 62, 10)}
    figures = pause_figures(64, replies)
    assert list(figures["by_pause_ms"]) == [0, 500]


def test_first_token_figures() -> None:
    def reply(ms: float, cached: int, tokens: int = 1) -> Reply:
        return Reply(ms=ms, prefill_ms=ms / 2, num_prompt=100, num_cached=cached, num_tokens=tokens)

    rounds = {100: [Round(reply(20, 0), reply(2, 98), reply(5, 98, n)) for n in (10, 10, 4)]}
    found = first_token_figures(rounds)["by_prompt"][100]
    assert (found["cold_ms"].p50, found["warm_ms"].p50) == (20, 2)
    assert found["cold_over_warm"].value == 10
    assert found["prefill_tokens_per_s"] == 10_000
    assert found["warm_reused_ratio"] == 0.98
    assert found["answer_ms"].count == 2  # one ended early


def test_growth_compares_the_longest_prompt_with_the_shortest() -> None:
    def rounds(ms: float, tokens: int) -> list[Round]:
        one = Reply(ms=ms, prefill_ms=ms, num_prompt=8, num_cached=6, num_tokens=tokens)
        return [Round(one, one, one)] * 3

    floor = Floor(weight_bytes=0, kv_token_bytes=1, memory_gb_s=1, resident_gb_s=1)
    steps = {1024: [1.0, 2.0], 4095: [3.0, 6.0], 4096: [3.0, 6.0]}
    found = long_figures({1024: rounds(2, 10), 2048: rounds(9, 10), 4095: rounds(3, 10)}, steps, floor)
    assert found is not None
    assert (found["growth"]["first_token"].value, found["growth"]["answer"].value) == (1.5, 1.5)
    assert found["growth"]["step_floor"] == pytest.approx(4096 / 1025)
    assert found["growth"]["step"].value == 3
    short = long_figures({1024: rounds(2, 3), 4096: rounds(3, 3)}, steps, floor)
    assert short is not None
    assert short["growth"]["answer"] is None
    assert long_figures({}, {}, floor) is None


def test_steps_are_told_in_floors_and_verification_in_steps() -> None:
    floor = Floor(weight_bytes=1_000_000, kv_token_bytes=0, memory_gb_s=1, resident_gb_s=4)
    step = decode_figures({0: [3.0, 1.0, 2.0]}, floor)["by_past"][0]
    assert (step["step_ms"].p50, step["over_memory_floor"], step["over_resident_floor"]) == (2.0, 2.0, 8.0)
    ratio = verification_figures(64, {1: [1.0, 2.0], 8: [2.0, 4.0]})["by_tokens"][8]["over_single"]
    assert (ratio.value, ratio.low, ratio.high) == (2.0, 2.0, 2.0)


def test_sizes_follow_from_the_model(folder: ModelFolder) -> None:
    config = folder.config
    assert (
        kv_token_bytes(folder) == config.num_hidden_layers * config.num_key_value_heads * config.head_dim * 8
    )
    encoder = PromptEncoder(SourceTokenizer.open(folder.tokenizer_path), folder.manifest.prompt_profile, 256)
    assert longest_prompt(folder) == encoder.budget


def test_the_first_request_is_the_rest_of_a_line_of_code() -> None:
    request = first_request()
    assert len(request.prompt) == 1000
    assert request.suffix
    assert request == first_request()


def test_an_engine_that_cannot_start_is_told_with_its_log(tmp_path: Path) -> None:
    broken = tiny_model(tmp_path)
    broken.graph_path.write_bytes(b"no graph")
    with pytest.raises(EngineStartError, match=r"GLM-203"):
        measure_starts(broken, 1, first_request(), 1)


def test_no_engine_outlives_its_measurement(folder: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def noted(*arguments: Any, **options: Any) -> Any:
        process = engine_process(*arguments, **options)
        started.append(process)
        return process

    monkeypatch.setattr(startup, "engine_process", noted)
    times = measure_starts(folder, 1, first_request(), 2)
    assert len(times.ready) == len(times.first_completion) == len(started) == 2
    for ready, first in zip(times.ready, times.first_completion, strict=True):
        assert 0 < ready < first
    with engine_process(folder, 1) as engine:
        assert engine.child.poll() is None
    assert engine.child.poll() is not None
    assert not engine.log.exists()


def test_the_whole_measurement(folder: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_requests, "PAUSES_S", (0.0, 0.01))
    seen = []
    result = bench_engine(folder, threads=1, seconds=0.0, num_starts=1, num_requests=60, warn=seen.append)
    assert seen == [result.environment]
    assert (result.environment.model, result.environment.threads) == ("tiny", 1)
    json.dumps(result.figures, allow_nan=False)
    assert list(result.figures["first_token"]["by_prompt"]) == ["32", "64", "128", "224"]
    assert list(result.figures["long_prompts"]["by_prompt"]) == ["1024", "2048", "4096"]
    for series in result.series.values():
        assert len({len(column) for column in series.columns.values()}) == 1
    shown = engine_table(result)
    for part in (
        "first token",
        "1024",
        "floor",
        "after a pause",
        "first completion",
        "MB of weights",
        "cancel while",
        "60 requests",
        "memory of the process",
    ):
        assert part in shown
    assert left_out(result) == []


def test_a_copy_inside_a_device_is_as_fast_as_its_memory() -> None:
    found = copy_bandwidth("cpu", 1 << 26)
    assert 0.2 < found < 5000


def test_a_floor_on_a_gpu_is_measured_by_a_copy_there(
    folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floor_room, "copy_bandwidth", lambda device: {"cuda": 4000.0}[device])
    floor = measure_floor(folder, 1, None, 10, "cuda")
    assert (floor.memory_gb_s, floor.resident_gb_s) == (4000.0, 4000.0)
    assert floor.weight_bytes == weight_bytes(folder)
    assert "device copy" in floor.measured_by


def test_a_cancel_is_timed_until_the_engine_has_no_more_to_say(folder: ModelFolder) -> None:
    with Engine.load(folder, threads=1, max_slots=1) as engine:
        found = measure_cancels(engine, range(100, 300), 20.0, 0)
        before = engine.counters()
    assert {phase: len(times) for phase, times in found.items()} == dict.fromkeys(PHASES, MIN_ROUNDS)
    assert before["finish_cancelled"] > 0
    assert all(0 < ms < 5000 for times in found.values() for ms in times)


def test_memory_that_grows_is_told(folder: ModelFolder) -> None:
    held = iter(range(1000))
    with Engine.load(folder, threads=1, max_slots=1) as engine:
        found = endure(
            engine,
            range(100, 164),
            100,
            {"leaking": lambda: float(next(held)), "unknown": lambda: None},
        )
    assert found.memory_mib["leaking"] == [float(n) for n in range(50)]
    # Medians of readings 10 to 14 and of 45 to 49.
    assert (found.growth_mib("leaking"), found.growth_mib("unknown")) == (35.0, None)
    figures = endurance_figures(found)
    assert figures["growth_mib"] == {"leaking": 35.0, "unknown": None}


def test_a_step_from_a_graph_is_compared_with_one_without() -> None:
    found = graph_figures({64: [1.0, 1.0]}, {64: [3.0, 3.0]})["by_past"][64]
    assert found["launched_over_captured"].value == 3


def test_this_process_holds_memory() -> None:
    readers = memory_readers("cpu")
    assert list(readers) == ["process"]
    assert (readers["process"]() or 0) > 10


def test_on_a_gpu_graphs_are_compared_and_long_prompts_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model(tmp_path, precision="int8", capacity=512, activations="fp16")
    monkeypatch.setattr(engine_requests, "PAUSES_S", (0.0,))
    # All that a GPU does is done by the CPU; it is the way through the measurement that is tested.
    monkeypatch.setattr(engine_requests, "place_of", lambda _: "cuda")
    monkeypatch.setattr(engine_requests, "memory_readers", lambda _: {"device": lambda: 1.0})
    opened: list[bool] = []

    def opening(folder: ModelFolder, *, device: str, threads: int, cuda_graphs: bool) -> CudaSession:
        assert (device, threads) == ("cuda", 1)
        opened.append(cuda_graphs)
        return open_on_device(folder, device="cpu", cuda_graphs=cuda_graphs)

    monkeypatch.setattr(engine_room, "open_session", opening)
    monkeypatch.setattr(floor_room, "copy_bandwidth", lambda _: 100.0)
    monkeypatch.setattr(engine_room, "measure_starts", lambda *_, device: {"cuda": StartTimes()}[device])
    result = bench_engine(model, threads=1, seconds=0.0, num_starts=1, num_requests=10)
    assert opened == [True, False]
    assert list(result.figures["first_token"]["by_prompt"]) == ["256", "448"]
    assert result.parameters["answer_tokens"] == 16
    assert result.figures["decode"]["memory_gb_s"] == 100.0
    assert list(result.figures["graphs"]["by_past"]) == ["256", "496"]
    assert result.figures["endurance"]["growth_mib"] == {"device": 0.0}
    assert result.figures["memory_mib"] == {"device": 1.0}
    shown = engine_table(result)
    assert "16 tokens ms" in shown
    assert "with CUDA graphs (none was captured" in shown
