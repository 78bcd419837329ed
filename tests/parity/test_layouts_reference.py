"""Official folders read through their layouts, then run by transformers: its names, its config, its logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.formulas import formula_for
from glm_lsp.models.layouts.detect import detect_layout
from glm_lsp.models.layouts.native import native_tensors
from tests.official.checkpoints import FAMILIES, write_official_checkpoint
from tests.parity.cases import max_difference
from tests.parity.test_parity_reference import TIGHT, load_transformers, transformers_logits
from tests.reference.official_tensors import MemoryReader
from tests.tiny_model import write_checkpoint

pytestmark = [
    pytest.mark.reference,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(600),
]

ROWS = [(family, "") for family in FAMILIES if family not in ("chatglm-6b", "glm-original")]
ROWS += [("codegeex4", "separate"), ("chatglm2", "separate"), ("glm-4-hf", "v5"), ("glm-4-0414", "v5")]


def unpacked(checkpoint: Checkpoint, config: GlmConfig) -> dict[str, NDArray[np.float32]]:
    """The tensors by transformers' names."""
    heads = config.num_attention_heads * config.head_dim
    ends = [heads, heads + config.num_key_value_heads * config.head_dim]
    tensors = {}
    for name in checkpoint.layout.sources:
        parts = np.split(checkpoint.read(name), ends) if ".qkv_proj." in name else [checkpoint.read(name)]
        for part, values in zip("qkv" if len(parts) == 3 else " ", parts, strict=True):
            tensors[name.replace(".qkv_proj.", f".{part}_proj.")] = np.ascontiguousarray(values)
    return tensors


@pytest.mark.parametrize(("family", "variant"), ROWS)
def test_layouts_give_what_transformers_loads(tmp_path: Path, family: str, variant: str) -> None:
    made = write_official_checkpoint(tmp_path / family, family, vocab_size=320, variant=variant)
    layout = detect_layout(made.folder)
    config = layout.config
    assert isinstance(config, GlmConfig)
    tensors = unpacked(Checkpoint(made.folder, layout), config)
    assert {name: values.shape for name, values in tensors.items()} == native_tensors(config)
    theirs = write_checkpoint(tmp_path / "theirs", config, weights=tensors)
    save_file(tensors, theirs / "model.safetensors", metadata={"format": "pt"})
    token_ids = [number * 37 % 320 for number in range(60)]
    expected = transformers_logits(load_transformers(theirs, config), token_ids)
    formula = formula_for(made.values, interpolates=family == "chatglm2-32k")
    found = formula.logits(MemoryReader(made.weights), token_ids)
    assert max_difference(found, expected) <= TIGHT
    assert np.abs(expected).max() > 1


def test_the_other_meaning_of_rope_ratio_would_be_noticed(tmp_path: Path) -> None:
    made = write_official_checkpoint(tmp_path / "mine", "chatglm2-32k", vocab_size=320)
    config = detect_layout(made.folder, rope_rule="base").config
    assert isinstance(config, GlmConfig)
    assert (config.rope_theta, config.rope_factor) == (5e5, 1.0)
    token_ids, reader = list(range(60)), MemoryReader(made.weights)
    divided = formula_for(made.values, interpolates=True).logits(reader, token_ids)
    assert max_difference(formula_for(made.values).logits(reader, token_ids), divided) > 1
