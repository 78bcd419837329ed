"""The formulas against transformers, and the two that it does not know against a second derivation in torch.

That derivation is written another way on purpose: modules called with state dictionaries, torch's own layer norm,
activations and fused attention with an explicit mask, and rotation by multiplying complex numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glm_lsp.models.formulas import BlankTokens, formula_for
from tests.parity.cases import CASES, case_config, max_difference, some_token_ids
from tests.parity.test_parity_reference import TIGHT, load_transformers, transformers_logits
from tests.reference.official_tensors import (
    CHATGLM_6B_VALUES,
    CHATGLM_VALUES,
    ORIGINAL_GLM_VALUES,
    ORIGINAL_MASKS,
    ORIGINAL_START,
    MemoryReader,
    chatglm_6b_tensors,
    chatglm_tensors,
    original_glm_tensors,
    renamed,
)
from tests.tiny_model import random_weights, write_checkpoint
from tests.unit.test_formulas import CHATGLM_CASES

pytestmark = [
    pytest.mark.reference,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(600),
]

CONTEXT = [5, 17, 99, 42, 301, 8, 9, 10, 250, 251]
WRITTEN = [304, 61, 62, 63, 64, 7, 300, 65]


@pytest.mark.parametrize("name", CASES)
def test_glm_and_glm4(tmp_path: Path, name: str) -> None:
    config = case_config(name)
    token_ids = some_token_ids(config, 60)
    write_checkpoint(tmp_path / "checkpoint", config)
    expected = transformers_logits(load_transformers(tmp_path / "checkpoint", config), token_ids)
    found = formula_for(config.to_dict()).logits(MemoryReader(random_weights(config)), token_ids)
    assert max_difference(found, expected) <= TIGHT


def renamed_in_transformers(
    values: dict[str, Any], tensors: dict[str, NDArray[np.float32]], token_ids: list[int]
) -> NDArray[np.float32]:
    """Logits of `GlmForCausalLM` with a remote-code checkpoint's weights."""
    import torch
    from transformers import GlmConfig, GlmForCausalLM

    theirs, weights = renamed(values, tensors)
    config = GlmConfig.from_dict(theirs | {"attn_implementation": "eager"})
    model = GlmForCausalLM(config).eval()
    missing = model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    assert not missing.missing_keys
    assert not missing.unexpected_keys
    return transformers_logits(model, token_ids)


@pytest.mark.parametrize("name", CHATGLM_CASES)
def test_chatglm_equals_transformers_glm(name: str) -> None:
    values = CHATGLM_VALUES | CHATGLM_CASES[name]
    tensors, token_ids = chatglm_tensors(values), [number * 37 % 320 for number in range(60)]
    expected = renamed_in_transformers(values, tensors, token_ids)
    found = formula_for(values).logits(MemoryReader(tensors), token_ids)
    assert max_difference(found, expected) <= TIGHT
    assert np.abs(expected).max() > 1


def test_a_wrong_epsilon_would_be_noticed() -> None:
    tensors, token_ids = chatglm_tensors(CHATGLM_VALUES), list(range(60))
    expected = renamed_in_transformers(CHATGLM_VALUES, tensors, token_ids)
    wrong = CHATGLM_VALUES | {"layernorm_epsilon": 1e-3}
    assert max_difference(formula_for(wrong).logits(MemoryReader(tensors), token_ids), expected) > 1e-3


class TorchPrefixModel:
    """ChatGLM-6B or the original GLM in torch, one sequence at a time, from a context and what follows it."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]], prefix: str, num_layers: int) -> None:
        import torch

        self.state = {
            name.removeprefix(prefix): torch.from_numpy(value).double() for name, value in tensors.items()
        }
        self.num_layers = num_layers

    def mask(self, context: int, total: int) -> Any:
        """bool [T, T]: a lower triangle whose first columns are open to all."""
        import torch

        mask = torch.ones(total, total, dtype=torch.bool).tril()
        mask[:, :context] = True
        return mask

    def apply(self, name: str, x: Any) -> Any:
        """The linear layer `name`."""
        from torch.nn.functional import linear

        return linear(x, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"))

    def norm(self, name: str, x: Any) -> Any:
        from torch.nn.functional import layer_norm

        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        return layer_norm(x, weight.shape, weight, bias, 1e-5)


class TorchChatGlm6b(TorchPrefixModel):
    """Positions: (i, 0) in the context, (blank, 1), (blank, 2), ... behind it."""

    def logits(self, context: Sequence[int], written: Sequence[int], blank: int) -> NDArray[np.float64]:
        import torch
        from torch.nn.functional import embedding, gelu, scaled_dot_product_attention

        count, total = len(context), len(context) + len(written)
        first = torch.tensor([*range(count), *([blank] * len(written))])
        second = torch.tensor([0] * count + [1 + step for step in range(len(written))])
        mask = self.mask(count, total)
        x = embedding(torch.tensor([*context, *written]), self.state["word_embeddings.weight"])
        alpha = torch.tensor(56.0, dtype=torch.float64).sqrt()
        for layer in range(self.num_layers):
            name = f"layers.{layer}."
            a = self.norm(f"{name}input_layernorm", x)
            fused = self.apply(f"{name}attention.query_key_value", a).unflatten(-1, (4, 3, -1))
            q, k, v = fused.permute(2, 1, 0, 3)  # [3, heads, T, d]
            q, k = self.turn(q, first, second), self.turn(k, first, second)
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(0, 1).flatten(1)
            m = self.norm(
                f"{name}post_attention_layernorm", alpha * a + self.apply(f"{name}attention.dense", mixed)
            )
            inner = gelu(self.apply(f"{name}mlp.dense_h_to_4h", m), approximate="tanh")
            x = alpha * m + self.apply(f"{name}mlp.dense_4h_to_h", inner)
        scores = self.norm("final_layernorm", x) @ self.state["lm_head.weight"].T
        return np.asarray(scores)

    def turn(self, heads: Any, first: Any, second: Any) -> Any:
        """Two groups of complex numbers: (x[i], x[i + quarter]) by `first`, the second half by `second`."""
        import torch

        quarter = heads.shape[-1] // 4
        slow = (1 / 10000 ** (torch.arange(quarter).double() / quarter)).half().double()
        parts = heads.unflatten(-1, (2, 2, quarter))  # [heads, T, which half, real or imaginary, i]
        numbers = torch.complex(parts[..., 0, :], parts[..., 1, :])
        angles = torch.stack([first, second], dim=-1)[..., None].double() * slow
        numbers = numbers * torch.polar(torch.ones_like(angles), angles)
        return torch.stack([numbers.real, numbers.imag], dim=-2).flatten(-3)


class TorchOriginalGlm(TorchPrefixModel):
    """The same positions, learned."""

    def logits(self, context: Sequence[int], written: Sequence[int], blank: int) -> NDArray[np.float64]:
        from torch.nn.functional import gelu, scaled_dot_product_attention

        count, total = len(context), len(context) + len(written)
        table = self.state["word_embeddings.weight"]
        places = self.state["transformer.position_embeddings.weight"]
        blocks = self.state["transformer.block_position_embeddings.weight"]
        x = table[[*context, *written]]
        x[:count] += places[:count] + blocks[0]
        x[count:] += places[blank] + blocks[1 : 1 + len(written)]
        for layer in range(self.num_layers):
            name = f"transformer.layers.{layer}."
            fused = self.apply(f"{name}attention.query_key_value", self.norm(f"{name}input_layernorm", x))
            q, k, v = (part.unflatten(-1, (4, -1)).transpose(0, 1) for part in fused.chunk(3, dim=-1))
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=self.mask(count, total))
            x = x + self.apply(f"{name}attention.dense", mixed.transpose(0, 1).flatten(1))
            inner = gelu(
                self.apply(f"{name}mlp.dense_h_to_4h", self.norm(f"{name}post_attention_layernorm", x))
            )
            x = x + self.apply(f"{name}mlp.dense_4h_to_h", inner)
        return np.asarray((self.norm("transformer.final_layernorm", x) @ table.T).detach())


@pytest.mark.parametrize(
    ("context", "blank"),
    [
        (CONTEXT, 4),  # the blank is in the middle
        ([*CONTEXT[:4], *CONTEXT[5:], 301], 9),  # ... or at the end
        ([300, 301, 8], 0),
    ],
)
def test_chatglm_6b_equals_the_derivation_in_torch(context: list[int], blank: int) -> None:
    tensors = chatglm_6b_tensors()
    model = TorchChatGlm6b(tensors, "transformer.", CHATGLM_6B_VALUES["num_layers"])
    expected = model.logits(context, WRITTEN, blank)
    formula, reader = (
        formula_for(CHATGLM_6B_VALUES, tokens=BlankTokens((300, 301), 304)),
        MemoryReader(tensors),
    )
    found = formula.logits(reader, context + WRITTEN, dtype=np.float64)
    assert max_difference(found, expected) <= 1e-9
    assert max_difference(formula.logits(reader, context + WRITTEN), expected) <= TIGHT
    assert np.abs(expected).max() > 1


@pytest.mark.parametrize(("context", "blank"), [(CONTEXT, 4), ([*CONTEXT[5:], 302], 5)])
def test_the_original_glm_equals_the_derivation_in_torch(context: list[int], blank: int) -> None:
    tensors = original_glm_tensors()
    model = TorchOriginalGlm(tensors, "glm.", ORIGINAL_GLM_VALUES["num_layers"])
    expected = model.logits(context, WRITTEN, blank)
    formula = formula_for(ORIGINAL_GLM_VALUES, tokens=BlankTokens(ORIGINAL_MASKS, ORIGINAL_START))
    reader = MemoryReader(tensors)
    found = formula.logits(reader, context + WRITTEN, dtype=np.float64)
    assert max_difference(found, expected) <= 1e-9
    assert max_difference(formula.logits(reader, context + WRITTEN), expected) <= TIGHT
    assert np.abs(expected).max() > 1
