"""A checkpoint as a GGUF file, for llama.cpp: architecture `chatglm`, Q8_0 matrices with this program's codes.

Q8_0 is a signed byte for each weight and one fp16 scale for each 32 of them. The int8 models' codes fit as they
are; the rounding of their fp32 scales to fp16 (at most 1 in 2,048 for blocks that are not tiny) is the only difference.
Norm gains and biases stay fp32. The vocabulary goes along, so that both servers write the same text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import ArchitectureError, InputError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.manifest import CONFIG_FILE, TOKENIZER_FILE
from glm_lsp.models.quantization import BLOCK, QuantizedMatrix, quantize

ARCHITECTURE = "chatglm"
_ZERO = 128  # of unsigned codes


def write_gguf(checkpoint_dir: Path, path: Path, *, context_length: int) -> None:
    """Writes the checkpoint to `path`.

    Args:
        checkpoint_dir: config.json, safetensors and tokenizer.json.
        context_length: what the file says the model was trained for.

    Raises:
        InputError: the gguf package is not installed.
        ArchitectureError: llama.cpp's `chatglm` cannot compute this model.
        CheckpointError: a tensor cannot be read.
    """
    try:
        import gguf  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            f"GGUF files need the gguf package: {error}", "Install it: pip install 'glm-lsp[bench]'."
        ) from error
    config = GlmConfig.from_file(checkpoint_dir / CONFIG_FILE)
    _check(config)
    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    _add_shape(writer, config, context_length)
    _add_vocabulary(writer, checkpoint_dir / TOKENIZER_FILE, config)
    for name, values in _tensors(config, Checkpoint(checkpoint_dir, native_layout(config)).read):
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            blocks = q8_0(quantize(values, 8))
            writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def q8_0(matrix: QuantizedMatrix) -> NDArray[np.uint8]:
    """The bytes of an int8 matrix [N, K] in Q8_0: [N, K / 32 * 34], a little-endian fp16 scale before its 32 codes."""
    rows, blocks, _ = matrix.codes.shape
    packed = np.empty((rows, blocks, 2 + BLOCK), np.uint8)
    packed[..., :2] = matrix.scales.astype("<f2")[..., None].view(np.uint8)
    packed[..., 2:] = (matrix.codes.astype(np.int16) - _ZERO).astype(np.int8).view(np.uint8)
    return packed.reshape(rows, -1)


def rounded_scales(matrix: QuantizedMatrix) -> QuantizedMatrix:
    """The matrix as Q8_0 keeps it: its scales went through fp16."""
    return QuantizedMatrix(matrix.codes, matrix.scales.astype(np.float16).astype(np.float32), matrix.bits)


def _check(config: GlmConfig) -> None:
    if config.architecture != "glm":
        raise ArchitectureError(f"{ARCHITECTURE} has no sandwich norms, which {config.architecture} needs")
    if config.num_attention_heads * config.head_dim != config.hidden_size:
        raise ArchitectureError(f"{ARCHITECTURE} needs heads that are together as wide as the model")
    if config.rope_factor != 1.0:
        raise ArchitectureError("positions that are scaled are not written to GGUF files")


def _add_shape(writer: Any, config: GlmConfig, context_length: int) -> None:
    """Epsilon and rotation explicitly: the format's usual converter takes other defaults for these configs."""
    writer.add_context_length(context_length)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.rotary_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_vocab_size(config.vocab_size)


def _add_vocabulary(writer: Any, path: Path, config: GlmConfig) -> None:
    import gguf  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415

    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    texts = {token_id: text for text, token_id in tokenizer["model"]["vocab"].items()}
    added = {token["id"]: token["content"] for token in tokenizer["added_tokens"]}
    kinds, ids = gguf.TokenType, range(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("chatglm-bpe")
    writer.add_token_list([added.get(i) or texts.get(i) or f"[PAD{i}]" for i in ids])
    writer.add_token_types(
        [kinds.CONTROL if i in added else kinds.NORMAL if i in texts else kinds.UNUSED for i in ids]
    )
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_add_bos_token(False)
    if config.eos_token_ids:
        writer.add_eos_token_id(config.eos_token_ids[0])


def _tensors(
    config: GlmConfig, read: Callable[[str], NDArray[np.float32]]
) -> list[tuple[str, NDArray[np.float32]]]:
    tensors = [("token_embd.weight", read("model.embed_tokens.weight"))]
    for layer in range(config.num_hidden_layers):
        to, own = f"blk.{layer}", f"model.layers.{layer}"
        tensors += [
            (f"{to}.attn_norm.weight", read(f"{own}.input_layernorm.weight")),
            (f"{to}.attn_qkv.weight", read(f"{own}.self_attn.qkv_proj.weight")),
            (f"{to}.attn_output.weight", read(f"{own}.self_attn.o_proj.weight")),
            (f"{to}.ffn_norm.weight", read(f"{own}.post_attention_layernorm.weight")),
            (f"{to}.ffn_up.weight", read(f"{own}.mlp.gate_up_proj.weight")),
            (f"{to}.ffn_down.weight", read(f"{own}.mlp.down_proj.weight")),
        ]
        if config.attention_bias:
            tensors.append((f"{to}.attn_qkv.bias", read(f"{own}.self_attn.qkv_proj.bias")))
    tensors.append(("output_norm.weight", read("model.norm.weight")))
    if not config.tie_word_embeddings:
        tensors.append(("output.weight", read("lm_head.weight")))
    return tensors
