"""Time per decoded token and per re-used keystroke, beside transformers' `generate` on the same weights.

    python benchmarks/against_transformers.py [MODEL] [--threads 2]

Needs the `reference` extra. The model's quantised weights are read back from its graph, so both sides compute with
the same numbers; the rounds of the two are interleaved. Prompts are this project's own sources.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import GlmConfig, GlmForCausalLM

from glm_lsp.engine.choosing import Chooser
from glm_lsp.engine.generation import decode, prefill
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.sampler import pick_greedy
from glm_lsp.engine.slots import SlotPool
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.models.quantization import QuantizedMatrix, dequantize
from glm_lsp.models.store import ModelFolder, ModelStore

ROOT = Path(__file__).parent.parent
PROMPT_TOKENS = 384
KEYSTROKE_TOKENS = 2
NEW_TOKENS = 10
LONG_TOKENS = 40


def transformers_model(folder: ModelFolder) -> GlmForCausalLM:
    """The same weights, dequantised to fp32, in transformers' own class."""
    graph = onnx.load(str(folder.graph_path)).graph
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    config = folder.config

    def matrix(name: str) -> torch.Tensor:
        if f"{name}.weight" in tensors:
            return torch.from_numpy(tensors[f"{name}.weight"].copy())
        codes, scales = tensors[f"{name}.weight.codes"], tensors[f"{name}.weight.scales"]
        bits = 8 if codes.shape[-1] == 32 else 4
        return torch.from_numpy(dequantize(QuantizedMatrix(codes, scales, bits)))

    table_codes = tensors["embed.table.codes"].reshape(config.vocab_size, -1, 32)
    table = torch.from_numpy(dequantize(QuantizedMatrix(table_codes, tensors["embed.table.scales"], 8)))
    state = {"model.embed_tokens.weight": table, "lm_head.weight": table}
    widths = [config.num_attention_heads * config.head_dim] + [
        config.num_key_value_heads * config.head_dim
    ] * 2
    gain = {name: torch.from_numpy(value.copy()) for name, value in tensors.items() if name.endswith(".gain")}
    for layer in range(config.num_hidden_layers):
        to, own = f"model.layers.{layer}", f"layer{layer}"
        qkv, bias = (
            matrix(f"{own}.qkv").split(widths),
            torch.from_numpy(tensors[f"{own}.qkv.bias"].copy()).split(widths),
        )
        for part, weight, offset in zip("qkv", qkv, bias, strict=True):
            state[f"{to}.self_attn.{part}_proj.weight"], state[f"{to}.self_attn.{part}_proj.bias"] = (
                weight,
                offset,
            )
        state[f"{to}.self_attn.o_proj.weight"] = matrix(f"{own}.o")
        state[f"{to}.mlp.gate_up_proj.weight"] = matrix(f"{own}.gate_up")
        state[f"{to}.mlp.down_proj.weight"] = matrix(f"{own}.down")
        state[f"{to}.input_layernorm.weight"] = gain[f"{own}.attn_norm.gain"]
        state[f"{to}.post_attention_layernorm.weight"] = gain[f"{own}.mlp_norm.gain"]
    state["model.norm.weight"] = gain["final_norm.gain"]
    model = GlmForCausalLM(GlmConfig(**config.to_dict())).eval()
    model.load_state_dict(state)
    return model


class Ours:
    """The engine's own path, without HTTP: slot, prefill of what is new, decode."""

    def __init__(self, folder: ModelFolder, threads: int) -> None:
        self.session = OnnxSession.open(folder, threads=threads)
        self.pool = SlotPool(self.session, 2)

    def generate(self, token_ids: list[int], count: int) -> list[int]:
        slot, cached = self.pool.take(token_ids)
        scores = prefill(self.session, slot, token_ids[cached:], lambda: False)
        tokens = decode(self.session, slot, scores, Chooser(pick_greedy), count, lambda: False)
        return [token.token_id for token in tokens]


class Peer:
    """transformers' generate, which starts from an empty cache every time."""

    def __init__(self, folder: ModelFolder) -> None:
        self.model = transformers_model(folder)

    def generate(self, token_ids: list[int], count: int) -> list[int]:
        ids = torch.tensor([token_ids])
        with torch.inference_mode():
            out = self.model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=count,
                min_new_tokens=count,
                pad_token_id=0,
                eos_token_id=None,
            )
        new: list[int] = out[0, len(token_ids) :].tolist()
        return new


def timed(side: Ours | Peer, token_ids: list[int], count: int) -> tuple[float, list[int]]:
    began = time.perf_counter()
    tokens = side.generate(token_ids, count)
    return (time.perf_counter() - began) * 1e3, tokens


def prompts(tokenizer: SourceTokenizer, count: int) -> list[list[int]]:
    """Token ids from this project's own modules, each long enough for a prompt and its keystrokes."""
    files = sorted((ROOT / "glm_lsp").rglob("*.py"))
    encoded = (tokenizer.encode(path.read_text(encoding="utf-8")) for path in files)
    return [ids for ids in encoded if len(ids) > PROMPT_TOKENS + 8 * KEYSTROKE_TOKENS][:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="starter")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompts", type=int, default=12)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    folder = ModelStore().resolve(args.model)
    ours, peer = Ours(folder, args.threads), Peer(folder)
    texts = prompts(SourceTokenizer.open(folder.tokenizer_path), args.prompts)
    keystroke: dict[str, list[float]] = {"ours": [], "transformers": []}
    decoded: dict[str, list[float]] = {"ours": [], "transformers": []}
    agree = total = 0
    for number, ids in enumerate(texts):
        answers = {}
        for name, side in (("ours", ours), ("transformers", peer)):
            side.generate(ids[:PROMPT_TOKENS], 1)  # the file is open: its beginning is warm
            for key in range(1, 7):
                prompt = ids[: PROMPT_TOKENS + key * KEYSTROKE_TOKENS]
                ms, answers[name, key] = timed(side, prompt, NEW_TOKENS)
                if number:  # the first prompt warms everything up
                    keystroke[name].append(ms)
            long_ms, _ = timed(side, prompt, LONG_TOKENS)
            short_ms, _ = timed(side, prompt, NEW_TOKENS)
            if number:
                decoded[name].append((long_ms - short_ms) / (LONG_TOKENS - NEW_TOKENS))
        for key in range(1, 7):
            pairs = list(zip(answers["ours", key], answers["transformers", key], strict=True))
            agree += sum(a == b for a, b in pairs)
            total += len(pairs)
    report = {
        "model": folder.manifest.name,
        "precision": folder.manifest.precision,
        "threads": args.threads,
        "prompt_tokens": PROMPT_TOKENS,
        "new_prompt_tokens": KEYSTROKE_TOKENS,
        "generated_tokens": NEW_TOKENS,
        "greedy_agreement": round(agree / total, 4),
        "ms_per_decoded_token": {name: round(statistics.median(v), 3) for name, v in decoded.items()},
        "ms_per_reused_keystroke": {
            name: {"p50": round(statistics.median(v), 2), "p95": round(float(np.quantile(v, 0.95)), 2)}
            for name, v in keystroke.items()
        },
    }
    for name in ("ms_per_decoded_token",):
        values = report[name]
        report["decode_ratio"] = round(values["transformers"] / values["ours"], 2)
    p50 = {name: statistics.median(v) for name, v in keystroke.items()}
    report["keystroke_ratio"] = round(p50["transformers"] / p50["ours"], 2)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
