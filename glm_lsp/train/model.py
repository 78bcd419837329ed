"""The GLM architecture in torch, for training; names and numbers equal transformers' `GlmForCausalLM`."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Tensor, nn
from torch.nn.attention.flex_attention import flex_attention

from glm_lsp.models.config import GlmConfig
from glm_lsp.train.attention import Mask


class RMSNorm(nn.Module):
    """x / rms(x) * weight, computed in fp32. Shapes: [..., hidden] -> [..., hidden]."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight, self.eps).to(x.dtype)


def rotary_table(config: GlmConfig, length: int) -> tuple[Tensor, Tensor]:
    """cos and sin, each [length, rotary_dim / 2], fp32; GLM rotates neighbouring pairs of the first dims."""
    width = int(config.head_dim * config.partial_rotary_factor)
    inverse = config.rope_theta ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), inverse)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates neighbouring pairs. x: [B, heads, T, head_dim]; cos, sin: [B or 1, 1, T, rotary_dim / 2]."""
    width = cos.shape[-1] * 2
    pairs = x[..., :width].unflatten(-1, (-1, 2))
    even, odd = pairs[..., 0], pairs[..., 1]
    rotated = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(-2)
    return torch.cat((rotated.to(x.dtype), x[..., width:]), dim=-1)


class Attention(nn.Module):
    """Grouped-query attention with biased q, k, v and an unbiased output projection."""

    def __init__(self, config: GlmConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads
        self.head_dim = config.head_dim
        bias = config.attention_bias
        self.q_proj = nn.Linear(config.hidden_size, self.heads * self.head_dim, bias=bias)
        self.k_proj = nn.Linear(config.hidden_size, self.kv_heads * self.head_dim, bias=bias)
        self.v_proj = nn.Linear(config.hidden_size, self.kv_heads * self.head_dim, bias=bias)
        self.o_proj = nn.Linear(self.heads * self.head_dim, config.hidden_size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Mask | None) -> Tensor:
        batch, length, _ = x.shape
        q = rotate(self.q_proj(x).view(batch, length, self.heads, -1).transpose(1, 2), cos, sin)
        k = rotate(self.k_proj(x).view(batch, length, self.kv_heads, -1).transpose(1, 2), cos, sin)
        v = self.v_proj(x).view(batch, length, self.kv_heads, -1).transpose(1, 2)
        if mask is None or isinstance(mask, Tensor):
            repeats = self.heads // self.kv_heads
            k, v = k.repeat_interleave(repeats, dim=1), v.repeat_interleave(repeats, dim=1)
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        else:
            mixed = flex_attention(q, k, v, block_mask=mask, enable_gqa=True)
        out: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))
        return out


class MLP(nn.Module):
    """down(silu(gate) * up), gate and up in one matrix [2 * intermediate, hidden]."""

    def __init__(self, config: GlmConfig) -> None:
        super().__init__()
        self.gate_up_proj = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        out: Tensor = self.down_proj(F.silu(gate) * up)
        return out


class Layer(nn.Module):
    """Pre-norm attention and MLP, each added to the residual stream."""

    def __init__(self, config: GlmConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = MLP(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Mask | None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Backbone(nn.Module):
    """Embedding, layers and final norm: token ids [B, T] -> hidden states [B, T, hidden]."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: GlmConfig, context: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        cos, sin = rotary_table(config, context)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, token_ids: Tensor, positions: Tensor, mask: Mask | None) -> Tensor:
        cos, sin = self.cos[positions].unsqueeze(1), self.sin[positions].unsqueeze(1)
        x = self.embed_tokens(token_ids)
        for layer in self.layers:
            x = layer(x, cos, sin, mask)
        out: Tensor = self.norm(x)
        return out


class GlmForTraining(nn.Module):
    """A GLM with tied embeddings and a loss; its state dict is a `GlmForCausalLM` checkpoint without `lm_head`."""

    def __init__(self, config: GlmConfig, context: int, *, loss_rows: int = 1024) -> None:
        super().__init__()
        self.config = config
        self.loss_rows = loss_rows
        self.model = Backbone(config, context)
        self._initialise()

    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            if name.endswith("norm.weight"):
                continue
            if name.endswith("bias") or "o_proj" in name or "down_proj" in name:
                nn.init.zeros_(parameter)  # each layer starts as the identity
            else:
                nn.init.normal_(parameter, std=0.02)

    def logits(self, token_ids: Tensor, positions: Tensor | None = None, mask: Mask | None = None) -> Tensor:
        """Scores [B, T, vocab] in fp32."""
        if positions is None:
            positions = torch.arange(token_ids.shape[1], device=token_ids.device).expand_as(token_ids)
        hidden = self.model(token_ids, positions, mask)
        return F.linear(hidden, self.model.embed_tokens.weight).float()

    def forward(
        self,
        token_ids: Tensor,
        targets: Tensor,
        weights: Tensor,
        positions: Tensor,
        mask: Mask | None,
        *,
        z_loss: float = 1e-4,
    ) -> Tensor:
        """Weighted sum of cross-entropies in nats plus the z-loss; the vocabulary in chunks of `loss_rows` rows.

        All but `mask` are [B, T]; targets of weight 0 may be negative.
        """
        hidden = self.model(token_ids, positions, mask).flatten(0, 1)
        targets, weights = targets.flatten(), weights.flatten()
        total = hidden.new_zeros((), dtype=torch.float32)
        size = self.loss_rows
        for rows, wanted, weight in zip(
            hidden.split(size), targets.split(size), weights.split(size), strict=True
        ):
            scores = F.linear(rows, self.model.embed_tokens.weight).float()
            log_z = torch.logsumexp(scores, dim=-1)
            picked = scores.gather(1, wanted.clamp(min=0).unsqueeze(1)).squeeze(1)
            total = total + ((log_z - picked + z_loss * log_z.square()) * weight).sum()
        return total
