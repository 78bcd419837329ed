"""Muon for the matrices, AdamW for the embedding, norms and biases, behind one step."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from glm_lsp.train.model import GlmForTraining
from glm_lsp.train.recipe import Recipe


class BatchedMuon(torch.optim.Muon):
    """`torch.optim.Muon` with all matrices of one shape orthogonalised together.

    The state and its names are the parent's, and so are the numbers. One matrix at a time costs a GPU thousands of
    launches of kernels too small for it in each step. Parameters in `halves` hold two matrices, one above the other,
    and are treated as two.
    """

    def __init__(self, params: list[nn.Parameter], *, halves: set[nn.Parameter], **options: Any) -> None:
        super().__init__(params, **options)
        self._halves = halves

    def step(self, closure: None = None) -> None:
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            params: list[Tensor] = []
            grads: list[Tensor] = []
            buffers: list[Tensor] = []
            self._init_group(group, params, grads, buffers)
            if params:
                with torch.no_grad():
                    self._update(group, params, grads, buffers)

    def _update(
        self, group: dict[str, Any], params: list[Tensor], grads: list[Tensor], buffers: list[Tensor]
    ) -> None:
        torch._foreach_lerp_(buffers, grads, 1 - group["momentum"])
        updates = torch._foreach_lerp(grads, buffers, group["momentum"])
        alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = defaultdict(list)
        for param, update in zip(params, updates, strict=True):
            parts = 2 if param in self._halves else 1
            for weight, change in zip(param.chunk(parts), update.chunk(parts), strict=True):
                alike[(change.shape[0], change.shape[1])].append((weight, change))
        torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
        for (rows, columns), pairs in alike.items():
            stacked = torch.stack([change for _, change in pairs])
            directions = orthogonalise(stacked, group["ns_coefficients"], group["ns_steps"], group["eps"])
            rate = group["lr"] * math.sqrt(max(1, rows / columns))
            weights = [weight for weight, _ in pairs]
            torch._foreach_add_(weights, list(directions.to(weights[0].dtype).unbind()), alpha=-rate)


def orthogonalise(
    matrices: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """[N, R, C] -> bf16 [N, R, C]: each matrix's singular values drawn towards 1 by Newton-Schulz steps."""
    a, b, c = coefficients
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Optimiser:
    """Both optimizers of a model; learning rates are set as a share of their peaks."""

    def __init__(self, model: GlmForTraining, recipe: Recipe) -> None:
        matrices, rest = parameter_groups(model)
        halves = {p for name, p in model.named_parameters() if "gate_up" in name}
        self._parameters = [*matrices, *rest]
        self._recipe = recipe
        self.muon = BatchedMuon(
            matrices,
            halves=halves,
            lr=recipe.muon_lr,
            momentum=recipe.muon_momentum,
            weight_decay=recipe.muon_weight_decay,
        )
        self.adam = torch.optim.AdamW(
            rest, lr=recipe.adam_lr, betas=recipe.adam_betas, weight_decay=0.0, eps=1e-10, fused=True
        )

    def step(self, scale: float) -> None:
        """Clips the gradients, updates all parameters at `scale` times the peak rates and clears the gradients."""
        torch.nn.utils.clip_grad_norm_(self._parameters, self._recipe.clip)
        for optimizer, peak in ((self.muon, self._recipe.muon_lr), (self.adam, self._recipe.adam_lr)):
            for group in optimizer.param_groups:
                group["lr"] = peak * scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


def parameter_groups(model: GlmForTraining) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """(matrices for Muon, the rest for AdamW); the embedding, being the head too, belongs to the rest."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and "embed" not in name else rest).append(parameter)
    return matrices, rest


class WeightAverage:
    """An exponential moving average of the weights; it starts short, so that early weights are forgotten at once."""

    def __init__(self, model: GlmForTraining, decay: float) -> None:
        self._parameters = dict(model.named_parameters())
        self._decay = decay
        self.weights: dict[str, Tensor] = {}

    def update(self, count: int) -> None:
        """Takes in the current weights; `count` updates came before."""
        if not self.weights:
            self.weights = {name: p.detach().clone() for name, p in self._parameters.items()}
            return
        decay = min(self._decay, (1 + count) / (10 + count))
        current = [p.detach() for p in self._parameters.values()]
        torch._foreach_lerp_(list(self.weights.values()), current, 1 - decay)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Continues from saved averages."""
        self.weights = {
            name: weights[name].to(p.device, torch.float32, copy=True) for name, p in self._parameters.items()
        }
