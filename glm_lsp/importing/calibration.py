"""Whether a model fits fp16, whose numbers end at 65,504, or has to compute in bf16, which ends nowhere near.

Some models have a few activations a thousand times larger than all others. Which do is measured, not told by the type
their weights were published in: the formulas (`models/formulas`) run a prompt of real code through all layers in fp32,
reading the weights block by block, and the greatest numbers met are kept in the manifest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import ArchitectureError
from glm_lsp.models.formulas import ObservedFormula, Part, TensorReader
from glm_lsp.models.formulas.formula import Array
from glm_lsp.models.manifest import Magnitudes
from glm_lsp.models.precision import FP16_MAX, Activations, Precision

MARGIN = 8
"""So many times the greatest number has to fit fp16: other prompts meet greater ones, and kernels add up parts of a sum
that are greater than the sum."""

NUM_TOKENS = 64

_BEFORE = """def read_settings(path: Path) -> dict[str, int]:
    \"\"\"Numbers by name; lines that begin with '#' are comments.\"\"\"
    settings = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            settings[name.strip()] = """
_AFTER = """
    return settings
"""


def calibration_prompt(tokenizer_json: bytes, profile: str) -> list[int]:
    """At most `NUM_TOKENS` ids of a prompt as the model gets them, its special tokens included.

    Raises:
        TokenizerError: the profile does not fit the tokenizer.
    """
    tokenizer = SourceTokenizer(Tokenizer.from_str(tokenizer_json.decode()))
    # A share of the context is left for the answer.
    encoder = PromptEncoder(tokenizer, profile, NUM_TOKENS + NUM_TOKENS // 7)
    return encoder.encode(CompletionRequest(prompt=_BEFORE, suffix=_AFTER))[:NUM_TOKENS]


def measure(
    formula: ObservedFormula, reader: TensorReader, token_ids: Sequence[int], num_ids: int
) -> Magnitudes:
    """Runs the tokens through the formulas once; ids from `num_ids` on do not exist.

    Raises:
        CheckpointError: a weight file is damaged.
    """
    greatest: dict[Part, float] = dict.fromkeys(("residual", "attention", "mlp", "head"), 0.0)

    def observe(part: Part, values: Array) -> None:
        found = float(np.abs(values).max())
        # A NaN must not be passed over by `max`.
        greatest[part] = max(greatest[part], found) if np.isfinite(found) else np.inf

    with np.errstate(over="ignore", invalid="ignore"):
        formula.logits(reader, token_ids, num_ids=num_ids, observe=observe)
    rounded = {part: float(f"{value:.4g}") for part, value in greatest.items()}
    return Magnitudes(num_tokens=len(token_ids), **rounded)


def choose_activations(found: Magnitudes, precision: Precision) -> Activations:
    """fp16 where that is certain to suffice, else bf16, which weights kept as bf16 want anyway.

    Raises:
        ArchitectureError: neither will do.
    """
    inner = max(found.residual, found.attention, found.mlp)
    if not np.isfinite(inner) or not found.head * MARGIN < FP16_MAX:
        raise ArchitectureError(
            f"its activations reach {max(inner, found.head):.4g}, and its scores {found.head:.4g}, which is more than "
            "CUDA's 16-bit kernels are trusted with",
            "Import it with --device cpu.",
        )
    return "fp16" if inner * MARGIN < FP16_MAX and precision != "bf16" else "bf16"
