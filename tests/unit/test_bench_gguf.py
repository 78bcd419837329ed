"""The GGUF file holds the same codes, names what llama.cpp asks for, and says what it cannot hold."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from glm_lsp.bench.gguf_file import q8_0, rounded_scales, write_gguf
from glm_lsp.errors import ArchitectureError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.quantization import dequantize, quantize
from tests.tiny_model import tiny_config, write_checkpoint


def opened(tmp_path: Path, **changes: Any) -> gguf.GGUFReader:
    checkpoint = write_checkpoint(
        tmp_path / "checkpoint", tiny_config(**({"num_attention_heads": 2} | changes))
    )
    write_gguf(checkpoint, tmp_path / "model.gguf", context_length=512)
    return gguf.GGUFReader(tmp_path / "model.gguf")


def field(reader: gguf.GGUFReader, name: str) -> Any:
    return reader.get_field(name).contents()


def test_a_block_is_a_scale_and_32_signed_codes() -> None:
    matrix = quantize(np.linspace(-1, 2, 64, dtype=np.float32).reshape(1, 64), 8)
    scale, *codes = struct.unpack("<e32b", q8_0(matrix)[0, :34].tobytes())
    assert scale == np.float16(matrix.scales[0, 0])
    assert codes == [int(code) - 128 for code in matrix.codes[0, 0]]


def test_blocks_are_what_the_format_s_own_reader_takes_them_for() -> None:
    weight = np.random.default_rng(0).standard_normal((8, 96), dtype=np.float32)
    matrix = quantize(weight, 8)
    read = gguf.quants.dequantize(q8_0(matrix), gguf.GGMLQuantizationType.Q8_0)
    np.testing.assert_array_equal(read, dequantize(rounded_scales(matrix)))
    assert np.abs(read - weight).max() < np.abs(weight).max() / 100


def test_every_weight_arrives(tmp_path: Path) -> None:
    reader = opened(tmp_path)
    config = tiny_config(num_attention_heads=2)
    checkpoint = Checkpoint(tmp_path / "checkpoint", native_layout(config))
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    assert len(tensors) == 2 + 7 * config.num_hidden_layers
    qkv = tensors["blk.1.attn_qkv.weight"]
    assert qkv.tensor_type == gguf.GGMLQuantizationType.Q8_0
    read = gguf.quants.dequantize(qkv.data, qkv.tensor_type)
    np.testing.assert_allclose(read, checkpoint.read("model.layers.1.self_attn.qkv_proj.weight"), atol=0.01)
    bias = tensors["blk.1.attn_qkv.bias"]
    np.testing.assert_array_equal(bias.data, checkpoint.read("model.layers.1.self_attn.qkv_proj.bias"))


def test_a_head_of_its_own_is_kept(tmp_path: Path) -> None:
    reader = opened(tmp_path, tie_word_embeddings=False, attention_bias=False)
    names = {tensor.name for tensor in reader.tensors}
    assert "output.weight" in names
    assert not any(name.endswith(".bias") for name in names)


def test_what_differs_from_other_models_is_said_explicitly(tmp_path: Path) -> None:
    reader = opened(tmp_path, rms_norm_eps=1.5625e-07, rope_theta=5000.0, partial_rotary_factor=1.0)
    assert field(reader, "general.architecture") == "chatglm"
    assert field(reader, "chatglm.attention.layer_norm_rms_epsilon") == pytest.approx(1.5625e-07)
    assert field(reader, "chatglm.rope.freq_base") == 5000.0
    assert field(reader, "chatglm.rope.dimension_count") == 32
    assert field(reader, "chatglm.attention.head_count_kv") == 2


def test_the_vocabulary_is_whole(tmp_path: Path) -> None:
    reader = opened(tmp_path, vocab_size=400)
    tokens = field(reader, "tokenizer.ggml.tokens")
    saved = json.loads((tmp_path / "checkpoint/tokenizer.json").read_text("utf-8"))
    assert len(tokens) == 400
    assert tokens[0] == "<|endoftext|>"
    assert all(tokens[token_id] == text for text, token_id in saved["model"]["vocab"].items())
    assert field(reader, "tokenizer.ggml.eos_token_id") == 0
    assert len(field(reader, "tokenizer.ggml.merges")) == len(saved["model"]["merges"])


@pytest.mark.parametrize(
    "changes",
    [{"architecture": "glm4"}, {"num_attention_heads": 4}, {"rope_factor": 2.0}],
    ids=["sandwich norms", "wide heads", "scaled positions"],
)
def test_what_llama_cpp_cannot_compute_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ArchitectureError):
        opened(tmp_path, **changes)
    assert not (tmp_path / "model.gguf").exists()
