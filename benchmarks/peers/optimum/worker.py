"""The graph of optimum's `main_export`, run by its `ORTModelForCausalLM`, greedy.

Its past can be cut, so the prefix that two prompts share is kept. The loop is written here, as the class's `generate`
takes no past of an earlier call; it does less than `generate` would. Variant `optimum-int8` quantises the exported
graph dynamically with optimum's own quantiser: weights per channel, so not the codes the others compute with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import optimum.version
import torch
from answering import arguments, common_prefix, serve
from optimum.exporters.onnx import main_export
from optimum.onnxruntime import ORTModelForCausalLM, ORTQuantizer
from optimum.onnxruntime.configuration import AutoQuantizationConfig


class Generator:
    """The model, its past, and the token ids the past belongs to."""

    def __init__(self, model: ORTModelForCausalLM) -> None:
        self.model = model
        self.past: tuple[tuple[torch.Tensor, torch.Tensor], ...] | None = None
        self.cached: list[int] = []

    @torch.inference_mode()
    def answer(self, prompt: list[int], num_tokens: int) -> list[int]:
        """Exactly `num_tokens` ids."""
        kept = min(common_prefix(self.cached, prompt), len(prompt) - 1)
        if kept and self.past is not None:
            self.past = tuple((k[:, :, :kept], v[:, :, :kept]) for k, v in self.past)
        else:
            kept, self.past = 0, None
        self.cached = prompt[:kept]
        written: list[int] = []
        new = prompt[kept:]
        while True:
            token = self._step(new)
            if len(written) < num_tokens:
                written.append(token)
            if len(written) >= num_tokens:
                return written
            new = [token]

    def _step(self, new: list[int]) -> int:
        length = len(self.cached) + len(new)
        out = self.model(
            input_ids=torch.tensor([new]),
            attention_mask=torch.ones((1, length), dtype=torch.int64),
            position_ids=torch.arange(length - len(new), length)[None],
            past_key_values=self.past,
            use_cache=True,
        )
        self.past = out.past_key_values
        self.cached = self.cached + new
        return int(out.logits[0, -1].argmax())


def exported(checkpoint: Path, room: Path, int8: bool) -> Path:
    """The folder with the graph to run."""
    graph = room / "graph"
    main_export(str(checkpoint), output=graph, task="text-generation-with-past", do_validation=False)
    if not int8:
        return graph
    quantizer = ORTQuantizer.from_pretrained(graph, file_name="model.onnx")
    settings = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=True)
    quantizer.quantize(settings, room / "int8")
    (room / "int8/model_quantized.onnx").rename(room / "int8/model.onnx")
    return room / "int8"


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    int8 = options.variant == "optimum-int8"
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    model = ORTModelForCausalLM.from_pretrained(
        exported(options.checkpoint, options.room, int8), use_io_binding=False, session_options=settings
    )
    versions = {
        "optimum": optimum.version.__version__,
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
    }
    precision = "int8, dynamic, per channel" if int8 else "fp32"
    serve({"precision": precision, "versions": versions}, Generator(model).answer)


main()
