"""Imports a checkpoint of GLM-4-9B's full size, with random weights, and says what it took.

    python benchmarks/import_full_size.py FOLDER [--layers 40] [--precision int4] [--device cpu]

FOLDER gets the checkpoint (18.8 GB for 40 layers) unless it holds one already, and a models folder of its own. The
import runs as its own process, so that its peak memory is its own; then the engine answers a request with the model.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN, INNER, HEADS, GROUPS, HEAD_DIM, VOCAB = 4096, 13696, 32, 2, 128, 151552
NUM_RANKS = 151329
SHARD_BYTES = 5 << 30
POOL_VALUES = 1 << 26
SCALE = 0.02

CONFIG = {
    "_name_or_path": "codegeex4-all-9b",
    "model_type": "chatglm",
    "architectures": ["ChatGLMModel"],
    "hidden_size": HIDDEN,
    "ffn_hidden_size": INNER,
    "num_attention_heads": HEADS,
    "multi_query_attention": True,
    "multi_query_group_num": GROUPS,
    "kv_channels": HEAD_DIM,
    "padded_vocab_size": VOCAB,
    "vocab_size": VOCAB,
    "layernorm_epsilon": 1.5625e-07,
    "rope_ratio": 500,
    "seq_length": 131072,
    "add_bias_linear": False,
    "add_qkv_bias": True,
    "rmsnorm": True,
    "post_layer_norm": True,
    "apply_residual_connection_post_layernorm": False,
    "apply_query_key_layer_scaling": True,
    "attention_softmax_in_fp32": True,
    "fp32_residual_connection": False,
    "original_rope": True,
    "tie_word_embeddings": False,
    "eos_token_id": [151329, 151336, 151338],
    "pad_token_id": 151329,
    "torch_dtype": "bfloat16",
}


def tensors(num_layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Official names and shapes."""
    yield "transformer.embedding.word_embeddings.weight", (VOCAB, HIDDEN)
    width = (HEADS + 2 * GROUPS) * HEAD_DIM
    for layer in range(num_layers):
        name = f"transformer.encoder.layers.{layer}"
        yield f"{name}.input_layernorm.weight", (HIDDEN,)
        yield f"{name}.self_attention.query_key_value.weight", (width, HIDDEN)
        yield f"{name}.self_attention.query_key_value.bias", (width,)
        yield f"{name}.self_attention.dense.weight", (HIDDEN, HEADS * HEAD_DIM)
        yield f"{name}.post_attention_layernorm.weight", (HIDDEN,)
        yield f"{name}.mlp.dense_h_to_4h.weight", (2 * INNER, HIDDEN)
        yield f"{name}.mlp.dense_4h_to_h.weight", (HIDDEN, INNER)
    yield "transformer.encoder.final_layernorm.weight", (HIDDEN,)
    yield "transformer.output_layer.weight", (VOCAB, HIDDEN)


def bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper halves."""
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def write_checkpoint(folder: Path, num_layers: int) -> None:
    """Random weights in bf16 safetensors shards, config.json and a byte-level tokenizer.model of full size."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    pool = bf16(rng.standard_normal(POOL_VALUES, np.float32) * np.float32(SCALE))
    ones = bf16(np.ones(HIDDEN, np.float32))
    shards: list[list[tuple[str, tuple[int, ...]]]] = [[]]
    size = 0
    for name, shape in tensors(num_layers):
        if size > SHARD_BYTES:
            shards.append([])
            size = 0
        shards[-1].append((name, shape))
        size += 2 * int(np.prod(shape))
    weight_map = {}
    for number, shard in enumerate(shards, 1):
        file_name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        header, position = {}, 0
        for name, shape in shard:
            end = position + 2 * int(np.prod(shape))
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [position, end]}
            position = end
        text = json.dumps(header).encode()
        with (folder / file_name).open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for name, shape in shard:
                count = int(np.prod(shape))
                if name.endswith("layernorm.weight"):
                    file.write(ones.data)
                    continue
                while count:
                    start = int(rng.integers(0, POOL_VALUES // 2))
                    piece = pool[start : start + count]
                    file.write(piece.data)
                    count -= piece.size
        weight_map |= dict.fromkeys((name for name, _ in shard), file_name)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    (folder / "tokenizer.model").write_bytes(b"".join(ranks()))
    # Last: a folder that has it is complete.
    (folder / "config.json").write_text(json.dumps(CONFIG | {"num_layers": num_layers}), encoding="utf-8")


def ranks() -> Iterator[bytes]:
    """All single bytes, all pairs, then as many triples as are missing."""
    singles = [bytes([byte]) for byte in range(256)]
    pairs = [a + b for a in singles for b in singles]
    triples = (pair + b"e" for pair in pairs), (pair + b"t" for pair in pairs)
    for rank, token in enumerate([*singles, *pairs, *triples[0], *triples[1]][:NUM_RANKS]):
        yield base64.b64encode(token) + b" %d\n" % rank


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Runs a command and returns its seconds; ends this program if it fails."""
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True)  # noqa: S603
    return time.monotonic() - began


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Import a random checkpoint of GLM-4-9B's size.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=40)
    parser.add_argument("--precision", default="int4")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="what it is imported for")
    arguments = parser.parse_args()
    checkpoint = arguments.folder / "codegeex4-all-9b"
    if not (checkpoint / "config.json").is_file():
        print("writing the checkpoint ...", flush=True)
        write_checkpoint(checkpoint, arguments.layers)
    environment = os.environ | {"GLM_LSP_HOME": str(arguments.folder / "home")}
    program = [sys.executable, "-m", "glm_lsp"]
    options = ["--precision", arguments.precision, "--device", arguments.device]
    options += ["--replace", "--name", "full-size", "--no-check"]
    seconds = timed([*program, "model", "import", str(checkpoint), *options], environment)
    # The child with the largest peak so far is the import: nothing else has run.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"import: {seconds:.0f} s, peak memory {peak:.2f} GiB", flush=True)
    seconds = timed([*program, "model", "verify", "full-size"], environment)
    print(f"verify: {seconds:.0f} s", flush=True)
    source = arguments.folder / "example.py"
    source.write_text("def add(a, b):\n    return ", encoding="utf-8")
    seconds = timed(
        [*program, "complete", f"{source}:2:12", "--model", "full-size", "--json"],
        environment,
    )
    print(f"one completion, loading included: {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
