"""transformers' `generate` on a random model of one of our shapes, for the times that `bench engine` takes.

    python benchmarks/gpu/transformers_peer.py SHAPE.json [--device cuda] [--compile] [--lengths 2048] > RESULT.json

SHAPE.json is a `config.json` of `GlmForCausalLM`; the weights are random, in fp16 on a GPU and fp32 on a CPU. Needs
torch and transformers, and nothing of this program: it runs under whatever Python has them.

Without `--compile` it is measured twice: called the usual way, and given the cache of the request before, cut to what
both prompts share, which is what this program does. With `--compile` the cache has a fixed size, as compiling needs it,
and knows nothing of the request before.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import transformers
from transformers import CompileConfig, DynamicCache, GlmConfig, GlmForCausalLM

ROUNDS = 5
KEYSTROKE_TOKENS, ANSWER_TOKENS, DECODED_TOKENS = 2, 16, 64
_GREEDY = {"do_sample": False, "eos_token_id": None, "pad_token_id": 0}


class Peer:
    """The model, and ways to ask it."""

    def __init__(self, shape: dict[str, Any], device: str, *, compiles: bool) -> None:
        self.device = device
        dtype = torch.float16 if device == "cuda" else torch.float32
        torch.set_default_dtype(dtype)
        with torch.device(device):
            self.model = GlmForCausalLM(GlmConfig.from_dict(shape)).eval()
        torch.set_default_dtype(torch.float32)
        self.model.generation_config.eos_token_id = None
        self.vocabulary = shape["vocab_size"]
        self.compiled: dict[str, Any] = {}
        if compiles:
            # `generate` compiles its steps itself, and only on devices for which it is worth it unless told.
            config = CompileConfig(mode="reduce-overhead", fullgraph=True)
            config._compile_all_devices = True
            self.compiled = {"cache_implementation": "static", "compile_config": config}

    def prompt(self, length: int, seed: int) -> torch.Tensor:
        """Random ids that share no beginning with those of another seed."""
        made = torch.Generator().manual_seed(seed)
        return torch.randint(100, self.vocabulary, (1, length), generator=made).to(self.device)

    @torch.inference_mode()
    def generate_ms(self, ids: torch.Tensor, num_tokens: int, cache: DynamicCache | None = None) -> float:
        """Milliseconds of an answer; `cache` holds the beginning of the prompt."""
        options: dict[str, Any] = {"max_new_tokens": num_tokens, "min_new_tokens": num_tokens, **_GREEDY}
        options |= self.compiled
        if cache is not None:
            options["past_key_values"] = cache
        return self._timed(lambda: self.model.generate(ids, attention_mask=torch.ones_like(ids), **options))

    @torch.inference_mode()
    def filled(self, ids: torch.Tensor) -> DynamicCache:
        """A cache that holds all of a prompt but the last keystroke."""
        cache = DynamicCache()
        self.model(ids[:, :-KEYSTROKE_TOKENS], past_key_values=cache, use_cache=True, logits_to_keep=1)
        return cache

    def _timed(self, work: Callable[[], object]) -> float:
        self._synchronize()
        started = time.perf_counter()
        work()
        self._synchronize()
        return (time.perf_counter() - started) * 1e3

    def _synchronize(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def measured(peer: Peer, length: int) -> dict[str, float]:
    """Medians in milliseconds for prompts of one length."""
    peer.generate_ms(peer.prompt(length, 0), ANSWER_TOKENS)  # compiles, and fills the allocator
    peer.generate_ms(peer.prompt(length, 0), DECODED_TOKENS)
    cold, answer, warm, warm_answer, decode = ([] for _ in range(5))
    for seed in range(1, 1 + ROUNDS):
        ids = peer.prompt(length, seed)
        cold.append(peer.generate_ms(ids, 1))
        answer.append(peer.generate_ms(ids, ANSWER_TOKENS))
        long = peer.generate_ms(ids, DECODED_TOKENS)
        decode.append((long - answer[-1]) / (DECODED_TOKENS - ANSWER_TOKENS))
        if not peer.compiled:
            warm.append(peer.generate_ms(ids, 1, peer.filled(ids)))
            warm_answer.append(peer.generate_ms(ids, ANSWER_TOKENS, peer.filled(ids)))
    found = {"first_token_ms": cold, "answer_ms": answer, "decode_ms_per_token": decode}
    if not peer.compiled:
        found |= {"cached_first_token_ms": warm, "cached_answer_ms": warm_answer}
    return {name: round(statistics.median(values), 3) for name, values in found.items()}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Time transformers' generate on a random model.")
    parser.add_argument("config")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--lengths", default="2048", help="prompt tokens, with commas")
    options = parser.parse_args()
    with open(options.config, encoding="utf-8") as file:  # noqa: PTH123
        config = json.load(file)
    peer = Peer(config, options.device, compiles=options.compile)
    result = {
        "command": "peer",
        "peer": "transformers, compiled" if options.compile else "transformers",
        "precision": str(peer.model.dtype).removeprefix("torch."),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "device": torch.cuda.get_device_name() if options.device == "cuda" else "cpu",
        "answer_tokens": ANSWER_TOKENS,
        "by_prompt": {length: measured(peer, length) for length in map(int, options.lengths.split(","))},
    }
    print(json.dumps(result, indent=1))


main()
