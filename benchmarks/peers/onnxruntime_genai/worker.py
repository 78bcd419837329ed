"""onnxruntime-genai's generator on the graph of its own builder, int8 in blocks of 32 (the same codes), greedy.

The builder refuses `GlmForCausalLM`, but builds the same weights as `ChatGLMModel`: partial rotation of one half,
interleaved, is right for them. Its theta is always 10,000 and it takes only epsilons called `rms_norm_eps`, so the
graph's epsilon is read back and models with another theta are refused. The generator keeps its KV cache and is
rewound to the prefix that two prompts share.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime_genai as og
from answering import arguments, common_prefix, serve


class Generator:
    """A generator of onnxruntime-genai, and the token ids it holds."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self.model = og.Model(str(folder))
        self.capacity = capacity
        self.generator: og.Generator | None = None
        self.held: list[int] = []

    def answer(self, prompt: list[int], num_tokens: int) -> list[int]:
        """Exactly `num_tokens` ids, unless an end token came before."""
        kept = min(common_prefix(self.held, prompt), len(prompt) - 1)
        if self.generator is None or not kept:
            self.generator, kept = self._new(), 0
        else:
            self.generator.rewind_to(kept)
        self.generator.append_tokens(np.array(prompt[kept:], np.int32))
        self.held = list(prompt)
        while len(self.held) < len(prompt) + num_tokens and not self.generator.is_done():
            self.generator.generate_next_token()
            self.held.append(int(self.generator.get_next_tokens()[0]))
        return self.held[len(prompt) :]

    def _new(self) -> og.Generator:
        params = og.GeneratorParams(self.model)
        params.set_search_options(do_sample=False, max_length=self.capacity, past_present_share_buffer=True)
        return og.Generator(self.model, params)


def built(checkpoint: Path, room: Path, threads: int) -> Path:
    """The builder's folder, its session set to the number of threads."""
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    if config["rope_theta"] != 10_000 or config["partial_rotary_factor"] != 0.5:
        raise SystemExit("the builder's ChatGLM has theta 10,000 and rotates one half, this model does not")
    source, out = room / "checkpoint", room / "built"
    shutil.copytree(checkpoint, source)
    (source / "config.json").write_text(json.dumps(config | {"architectures": ["ChatGLMModel"]}), "utf-8")
    (source / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}', "utf-8")
    command = [
        sys.executable,
        "-m",
        "onnxruntime_genai.models.builder",
        "-i",
        source,
        "-o",
        out,
        "-p",
        "int8",
        "-e",
        "cpu",
    ]
    options = ["accuracy_level=4", "block_size=32", "prune_lm_head=true"]
    subprocess.run(  # noqa: S603
        [*command, "-c", room / "cache", "--extra_options", *options], check=True, stdout=sys.stderr
    )
    epsilons = {
        round(attribute.f, 12)
        for node in onnx.load(str(out / "model.onnx"), load_external_data=False).graph.node
        for attribute in node.attribute
        if attribute.name == "epsilon"
    }
    if epsilons != {round(config["rms_norm_eps"], 12)}:
        raise SystemExit(
            f"the builder's graph has epsilon {epsilons}, the model has {config['rms_norm_eps']}"
        )
    settings = json.loads((out / "genai_config.json").read_text("utf-8"))
    settings["model"]["decoder"]["session_options"]["intra_op_num_threads"] = threads
    (out / "genai_config.json").write_text(json.dumps(settings), "utf-8")
    return out


def main() -> None:
    options = arguments()
    folder = built(options.checkpoint, options.room, options.threads)
    versions = {"onnxruntime-genai": og.__version__}
    serve({"precision": "int8", "versions": versions}, Generator(folder, options.capacity).answer)


main()
