"""Models of a known shape with random weights: their sizes, that they run, and that the server's parts take them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from glm_lsp.bench.floor import weight_bytes
from glm_lsp.bench.random_weights import SCALE, RandomWeights
from glm_lsp.bench.shapes import SHAPES, main, padded, write_shape
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.models.store import ModelFolder, ModelStore
from glm_lsp.models.tensors import num_parameters, tensors_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return write_shape("tiny", tmp_path_factory.mktemp("shape") / "tiny", capacity=512, activations="fp32")


def test_the_shapes_are_those_of_the_published_models() -> None:
    # Their published numbers of parameters: 6.24 and 9.40 billion.
    assert num_parameters(SHAPES["6b"]) == pytest.approx(6.24e9, rel=0.005)
    assert num_parameters(SHAPES["9b"]) == pytest.approx(9.40e9, rel=0.005)


@pytest.mark.parametrize("shape", SHAPES)
def test_any_block_of_any_tensor_can_be_taken(shape: str) -> None:
    weights = RandomWeights(SHAPES[shape])
    for name, size in tensors_of(SHAPES[shape]).items():
        if len(size) == 1:
            assert set(weights.rows(name, 0, size[0])) == {float("norm" in name)}
            continue
        step = min(size[0], max(1, (5 << 20) // size[1]))
        block = weights.rows(name, size[0] - step, size[0])
        assert block.shape == (step, size[1])
    assert np.std(block) == pytest.approx(SCALE, rel=0.05)
    assert np.array_equal(block, RandomWeights(SHAPES[shape]).rows(name, size[0] - step, size[0]))
    assert not np.array_equal(block[0], block[1])


def test_layers_share_bytes_of_the_file_and_count_apart(tiny: ModelFolder, tmp_path: Path) -> None:
    apart = write_shape("tiny", tmp_path / "apart", capacity=512, activations="fp32", distinct=True)
    sizes = [(folder.path / "model.onnx.data").stat().st_size for folder in (tiny, apart)]
    assert sizes[0] < sizes[1]
    assert weight_bytes(tiny) == weight_bytes(apart)
    first, second = (OnnxSession.open(folder, threads=1) for folder in (tiny, apart))
    prompt = list(range(100, 140))
    said = [one.run(one.new_kv(), 0, prompt, 1, want_logits=True).logits for one in (first, second)]
    assert said[0] is not None
    assert said[1] is not None
    assert not np.allclose(said[0], said[1], atol=1e-3)


def test_every_id_can_be_written_and_text_is_cut_as_before(tiny: ModelFolder) -> None:
    starter = SourceTokenizer.open(ModelStore().resolve().tokenizer_path)
    tokenizer = SourceTokenizer.open(tiny.tokenizer_path)
    vocab_size = SHAPES["tiny"].vocab_size
    assert tokenizer.vocab_size == vocab_size == tiny.manifest.vocab_size
    assert starter.vocab_size < vocab_size
    text = "def latency(samples):\n    return aaab + sorted(samples)[len(samples) // 2]\n"
    assert tokenizer.encode(text) == starter.encode(text)
    added = {tokenizer.decode([token_id]) for token_id in range(starter.vocab_size, vocab_size)}
    assert len(added) == vocab_size - starter.vocab_size


def test_words_that_exist_are_not_made_up_again() -> None:
    known = {"added_tokens": [{"content": "Ġbaa"}], "model": {"vocab": {"a": 0, "Ġaaa": 1}}}
    found = padded(known, 4)["model"]["vocab"]
    assert found == {"a": 0, "Ġaaa": 1, "Ġcaa": 2, "Ġdaa": 3}
    json.dumps(found)


def test_an_engine_answers_from_such_a_model(tiny: ModelFolder) -> None:
    with Engine.load(tiny, threads=1, max_slots=1) as engine:
        request = CompletionRequest(prompt=tuple(range(100, 200)), max_tokens=5, glm=GlmOptions(raw=True))
        *_, last = engine.complete(request)
    assert last.usage is not None
    assert last.usage.completion_tokens == 5


def test_the_command_writes_what_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model"
    assert main(["tiny", str(out), "--precision", "int8", "--activations", "fp32", "--capacity", "256"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    manifest = ModelFolder.load(out).manifest
    assert (manifest.name, manifest.precision, manifest.capacity) == ("tiny-int8", "int8", 256)
