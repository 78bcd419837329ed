"""Exporters' graphs in our engine: the same text as from our own graph, the cache used, the same refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.past_present_session import PastPresentSession
from glm_lsp.engine.session import Session
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, Usage
from glm_lsp.errors import ContextOverflowError, DeviceError, ModelFileError, SessionError
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.integrity import describe_folder
from glm_lsp.models.store import ModelFolder
from tests.parity.cases import case_config, max_difference, run_in_chunks, some_token_ids
from tests.past_present_graph import standard_graph
from tests.tiny_model import SAMPLE, random_weights, tiny_config, tiny_model

TIGHT = 2e-5


def with_standard_graph(model: ModelFolder, graph: onnx.ModelProto | None = None) -> ModelFolder:
    """The model with an exporter's graph in place of our own."""
    graph = graph or standard_graph(as_glm(model), random_weights(as_glm(model)))
    onnx.save_model(
        graph,
        str(model.graph_path),
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=1024,
    )
    values = {name: getattr(model.manifest, name) for name in model.manifest.__struct_fields__}
    values |= {"files": describe_folder(model.path), "graph_kind": "past-present"}
    type(model.manifest)(**values).write(model.path)
    return ModelFolder.load(model.path)


def as_glm(model: ModelFolder) -> GlmConfig:
    assert isinstance(model.config, GlmConfig)
    return model.config


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return with_standard_graph(tiny_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def session(model: ModelFolder) -> PastPresentSession:
    return PastPresentSession.open(model, threads=1)


def test_the_manifest_chooses_the_session(model: ModelFolder, ours: ModelFolder) -> None:
    assert type(open_session(model, threads=1)) is PastPresentSession
    assert type(open_session(ours, threads=1)) is OnnxSession


def test_it_is_a_session(session: PastPresentSession, model: ModelFolder) -> None:
    checked: Session = session
    assert checked.capacity == checked.new_kv().capacity == model.manifest.capacity
    assert checked.vocab_size == model.manifest.vocab_size
    assert session.providers == ["CPUExecutionProvider"]
    assert session.threads == 1
    assert (session.reusable([1, 2], 2), session.inseparable([1, 2])) == (2, 0)


@pytest.mark.parametrize("name", ["tied-bias-half", "full-rotary-no-bias", "linear-rope", "glm4-bias"])
def test_any_split_gives_what_our_own_graph_gives(tmp_path: Path, name: str) -> None:
    config = case_config(name)
    ours = tiny_model(tmp_path, config, real_vocab_size=config.vocab_size)
    token_ids = some_token_ids(config, 60)
    own = OnnxSession.open(ours, threads=1)
    expected = run_in_chunks(own, own.new_kv(), 0, token_ids, [])
    session = PastPresentSession.open(with_standard_graph(ours), threads=1)
    for sizes in ([], [1] * 60, [17, 8, 1], [1, 32]):
        assert (
            max_difference(run_in_chunks(session, session.new_kv(), 0, token_ids, sizes), expected) <= TIGHT
        )


def test_going_back_and_on_differently(session: PastPresentSession, model: ModelFolder) -> None:
    first, other = (some_token_ids(as_glm(model), 40, seed=seed) for seed in (0, 1))
    kv = session.new_kv()
    run_in_chunks(session, kv, 0, first, [32])
    back = run_in_chunks(session, kv, 25, other, [8, 1])
    fresh = run_in_chunks(session, session.new_kv(), 0, [*first[:25], *other], [])[25:]
    assert max_difference(back, fresh) <= TIGHT


def test_scores_are_those_of_our_own_graph(session: PastPresentSession, ours: ModelFolder) -> None:
    own = OnnxSession.open(ours, threads=1)
    token_ids = some_token_ids(as_glm(ours), 30)
    expected = own.run(own.new_kv(), 0, token_ids, 7, want_logits=True)
    found = session.run(session.new_kv(), 0, token_ids, 7, want_logits=True)
    assert found.next_ids.tolist() == expected.next_ids.tolist() == found.top_ids[:, 0].tolist()
    assert found.top_ids.tolist() == expected.top_ids.tolist()
    assert max_difference(found.top_logprobs, expected.top_logprobs) <= TIGHT
    assert found.logits is not None
    assert expected.logits is not None
    assert found.logits.shape == expected.logits.shape == (7, session.vocab_size)


def test_ties_are_broken_alike(tmp_path: Path) -> None:
    config = tiny_config(tie_word_embeddings=False)
    weights = random_weights(config)
    weights["lm_head.weight"][:] = weights["lm_head.weight"][0]
    model = with_standard_graph(
        tiny_model(tmp_path, config, real_vocab_size=config.vocab_size), standard_graph(config, weights)
    )
    scores = PastPresentSession.open(model).run(PastPresentSession.open(model).new_kv(), 0, [5, 6], 1)
    assert scores.next_ids.tolist() == [0]
    assert sorted(scores.top_ids[0].tolist()) == scores.top_ids[0].tolist()


def test_no_row_scored_gives_empty_arrays(session: PastPresentSession) -> None:
    scores = session.run(session.new_kv(), 0, [1, 2, 3], 0)
    assert scores.next_ids.shape == (0,)
    assert scores.top_ids.shape == scores.top_logprobs.shape == (0, 8)
    assert session.run(session.new_kv(), 0, [1], 1).logits is None


def test_padded_rows_of_the_vocabulary_are_never_scored(
    session: PastPresentSession, model: ModelFolder
) -> None:
    assert session.vocab_size < as_glm(model).vocab_size
    scores = session.run(session.new_kv(), 0, [as_glm(model).vocab_size - 1] * 60, 60)
    assert scores.top_ids.max() < session.vocab_size


def test_the_last_position_takes_a_single_token(session: PastPresentSession) -> None:
    kv = session.new_kv()
    session.run(kv, 0, [1] * (session.capacity - 1), 0)
    assert session.run(kv, session.capacity - 1, [2], 1).next_ids.shape == (1,)
    with pytest.raises(ContextOverflowError, match="1 tokens after 256 do not fit"):
        session.run(kv, session.capacity, [1], 1)


@pytest.mark.parametrize(
    ("past", "token_ids", "num_scored"), [(-1, [1], 1), (0, [], 0), (0, [1], 2), (0, [-1], 1), (0, [9999], 1)]
)
def test_senseless_runs_are_refused(
    session: PastPresentSession, past: int, token_ids: list[int], num_scored: int
) -> None:
    with pytest.raises(SessionError):
        session.run(session.new_kv(), past, token_ids, num_scored)


def test_after_an_error_what_came_before_is_as_it_was(
    session: PastPresentSession, model: ModelFolder
) -> None:
    token_ids = some_token_ids(as_glm(model), 20)
    kv = session.new_kv()
    expected = run_in_chunks(session, session.new_kv(), 0, token_ids, [])
    session.run(kv, 0, token_ids[:10], 0)
    with pytest.raises(SessionError):
        session.run(kv, 10, [*token_ids[10:], -1], 1)
    assert max_difference(run_in_chunks(session, kv, 10, token_ids[10:], []), expected[10:]) <= TIGHT


def test_a_foreign_kv_cache_is_refused(session: PastPresentSession) -> None:
    class Other:
        capacity = 256

    with pytest.raises(TypeError):
        session.run(Other(), 0, [1], 1)


def test_capacity_and_device_are_checked(model: ModelFolder) -> None:
    assert PastPresentSession.open(model, capacity=32).new_kv().capacity == 32
    with pytest.raises(ContextOverflowError, match="built for 256"):
        PastPresentSession.open(model, capacity=257)
    with pytest.raises(DeviceError):
        PastPresentSession.open(model, device="cuda")


def test_the_self_check_passes_here_and_would_notice(
    session: PastPresentSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.self_check() < 1e-4
    real = PastPresentSession.run

    def one_row_wrong(
        self: PastPresentSession, kv: Any, past: int, ids: Any, rows: int, **options: Any
    ) -> Any:
        scores = real(self, kv, past, ids, rows, **options)
        wrong: NDArray[np.float32] | None = scores.logits
        return replace(scores, logits=wrong * 1.5) if len(ids) == 1 and wrong is not None else scores

    monkeypatch.setattr(PastPresentSession, "run", one_row_wrong)
    with pytest.raises(SessionError, match="one token and eight"):
        session.self_check()


def test_a_damaged_file_is_found_before_it_is_loaded(tmp_path: Path) -> None:
    model = with_standard_graph(tiny_model(tmp_path))
    path = model.path / "model.onnx.data"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=r"model\.onnx\.data has \d+ bytes"):
        open_session(model)


def changed(model: ModelFolder, change: Any) -> onnx.ModelProto:
    graph = standard_graph(as_glm(model), random_weights(as_glm(model)))
    change(graph.graph)
    return graph


def rename_output(graph: onnx.GraphProto) -> None:
    next(node for node in graph.node if "present.1.key" in node.output).output[0] = "other"
    next(node for node in graph.node if "present.1.key" in node.input).input[0] = "other"
    next(value for value in graph.output if value.name == "present.1.key").name = "other"


def add_input(graph: onnx.GraphProto) -> None:
    graph.input.append(onnx.helper.make_tensor_value_info("token_type_ids", onnx.TensorProto.INT64, [1]))


def loosen_heads(graph: onnx.GraphProto) -> None:
    for value in (*graph.input, *graph.output):
        if "key" in value.name:
            value.type.tensor_type.shape.dim[1].dim_param = "heads"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (rename_output, "a past and a present"),
        (add_input, "token_type_ids"),
        (loosen_heads, "fixed number of heads"),
    ],
)
def test_another_graph_is_refused(tmp_path: Path, change: Any, cause: str) -> None:
    model = tiny_model(tmp_path)
    with pytest.raises(SessionError, match=cause):
        open_session(with_standard_graph(model, changed(model, change)))


def test_our_own_graph_under_the_wrong_name_is_refused(tmp_path: Path, ours: ModelFolder) -> None:
    manifest = ours.manifest
    values = {name: getattr(manifest, name) for name in manifest.__struct_fields__} | {
        "graph_kind": "past-present"
    }
    with pytest.raises(SessionError, match="a past and a present"):
        open_session(replace(ours, manifest=type(manifest)(**values)))


@pytest.fixture(scope="module")
def engine(model: ModelFolder) -> Iterator[Engine]:
    with Engine.load(model, threads=1) as engine:
        yield engine


def completed(engine: Engine, prompt: str, max_tokens: int = 64) -> tuple[list[str], Usage]:
    request = CompletionRequest(prompt=prompt, max_tokens=max_tokens, logprobs=0, glm=GlmOptions(raw=True))
    chunks = list(engine.complete(request))
    usage = chunks[-1].usage
    assert usage is not None
    tokens = [
        token
        for chunk in chunks
        for choice in chunk.choices
        if choice.logprobs
        for token in choice.logprobs.tokens
    ]
    return tokens, usage


def test_the_engine_writes_the_same_with_and_without_cache(engine: Engine, ours: ModelFolder) -> None:
    cold, without = completed(engine, SAMPLE[:200])
    warm, with_cache = completed(engine, SAMPLE[:200])
    assert without.prompt_tokens_details.cached_tokens == 0
    assert with_cache.prompt_tokens_details.cached_tokens > 0
    with Engine.load(ours, threads=1) as own:
        expected, _ = completed(own, SAMPLE[:200])
    assert warm == cold == expected
    assert len(cold) > 10


def test_typing_on_uses_the_cache(engine: Engine, model: ModelFolder) -> None:
    for end in range(100, 120):
        warm, usage = completed(engine, SAMPLE[:end], max_tokens=8)
        with Engine.load(model, threads=1) as other:
            cold, _ = completed(other, SAMPLE[:end], max_tokens=8)
        assert warm == cold
    assert usage.prompt_tokens_details.cached_tokens > usage.prompt_tokens / 2


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("sizes", [[1], [2], [3, 1], [5, 1, 16], [64], [128], [7, 60, 1, 128]])
def test_logits_are_equal_bit_for_bit_however_they_are_cut(
    model: ModelFolder, threads: int, sizes: list[int]
) -> None:
    """A promise about this processor's kernels, as in parity/test_rows.py."""
    session = PastPresentSession.open(model, threads=threads)
    token_ids = [number * 7 % 300 for number in range(200)]
    whole = run_in_chunks(session, session.new_kv(), 0, token_ids, [])
    cut = run_in_chunks(session, session.new_kv(), 0, token_ids, sizes * 200)
    assert np.array_equal(cut, whole)
