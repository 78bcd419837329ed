"""`GlmForCausalLM.generate` in fp32, greedy.

Variant `transformers` gives `generate` the cache of the request before, cut to what both prompts share; variant
`transformers-plain` calls it the usual way, from an empty cache.
"""

from __future__ import annotations

import torch
import transformers
from answering import arguments, common_prefix, serve
from transformers import DynamicCache, GlmForCausalLM


class Generator:
    """The model, and the token ids whose keys and values its cache holds."""

    def __init__(self, model: GlmForCausalLM, reuses: bool) -> None:
        self.model, self.reuses = model, reuses
        self.cache, self.cached = DynamicCache(), list[int]()

    @torch.inference_mode()
    def answer(self, prompt: list[int], num_tokens: int) -> list[int]:
        """Exactly `num_tokens` ids: end tokens do not end it, as the number says where the answer ends."""
        kept = min(common_prefix(self.cached, prompt), len(prompt) - 1) if self.reuses else 0
        if kept:
            self.cache.crop(kept)
        else:
            self.cache = DynamicCache()
        ids = torch.tensor([prompt])
        if not num_tokens:
            self.model(ids[:, kept:], past_key_values=self.cache, use_cache=True, logits_to_keep=1)
            self.cached = prompt
            return []
        out = self.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            past_key_values=self.cache,
            do_sample=False,
            max_new_tokens=num_tokens,
            eos_token_id=None,
            pad_token_id=0,
        )[0].tolist()
        self.cached = out[: self.cache.get_seq_length()]
        return list(out[len(prompt) :])


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    model = GlmForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32).eval()
    model.generation_config.eos_token_id = None
    generator = Generator(model, reuses=options.variant == "transformers")
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    serve({"precision": "fp32", "versions": versions}, generator.answer)


main()
