"""The formulas all models share. Every function keeps the floating-point type of its arguments."""

from __future__ import annotations

import math

import numpy as np

from glm_lsp.models.formulas.formula import Array

_ERF = np.frompyfunc(math.erf, 1, 1)


def rms_norm(x: Array, gain: Array, epsilon: float) -> Array:
    """x / sqrt(mean(x^2) + epsilon), times a gain by column."""
    mean_square = np.mean(x * x, axis=-1, keepdims=True)
    normed: Array = x / np.sqrt(mean_square + x.dtype.type(epsilon)) * gain
    return normed


def layer_norm(x: Array, gain: Array, bias: Array, epsilon: float) -> Array:
    """(x - mean) / sqrt(variance + epsilon), times a gain, plus a bias by column."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    normed: Array = centred / np.sqrt(variance + x.dtype.type(epsilon)) * gain + bias
    return normed


def silu(x: Array) -> Array:
    """x / (1 + e^-x)."""
    half = x.dtype.type(0.5)
    # The logistic function by way of tanh, which does not overflow.
    unit: Array = x * half * (1 + np.tanh(half * x))
    return unit


def gelu_tanh(x: Array) -> Array:
    """The Gaussian error unit by its usual approximation."""
    inner = x.dtype.type(math.sqrt(2 / math.pi)) * (x + x.dtype.type(0.044715) * x * x * x)
    unit: Array = x.dtype.type(0.5) * x * (1 + np.tanh(inner))
    return unit


def gelu_erf(x: Array) -> Array:
    """The Gaussian error unit itself: x times the share of the normal distribution below x."""
    error = _ERF(x / x.dtype.type(math.sqrt(2))).astype(x.dtype)
    unit: Array = x.dtype.type(0.5) * x * (1 + error)
    return unit


def attend(q: Array, k: Array, v: Array, allowed: Array) -> Array:
    """Softmax attention with scores over sqrt(d), each query head on its own.

    Args:
        q: [heads, T, d].
        k, v: [groups, T, d]; query heads share them in runs of heads / groups.
        allowed: bool [T, T], whether row q may attend to column k.

    Returns:
        The heads side by side: [T, heads * d].
    """
    share = len(q) // len(k)
    scale = q.dtype.type(1 / math.sqrt(q.shape[-1]))
    barred = np.where(allowed, 0, -np.inf).astype(q.dtype)
    mixed = []
    for head in range(len(q)):
        scores = q[head] @ k[head // share].T * scale + barred
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed.append(weights / weights.sum(axis=-1, keepdims=True) @ v[head // share])
    return np.concatenate(mixed, axis=-1)


def causal(length: int) -> Array:
    """bool [T, T]: each row may attend to itself and what stands before it."""
    return np.tri(length, dtype=np.bool_)


def angles(positions: Array, frequencies: Array) -> Array:
    """[T, len(frequencies)]; in fp64, as fp32 would be off by 5e-4 at position 8,192."""
    return np.outer(positions.astype(np.float64), frequencies.astype(np.float64))


def frequencies(width: int, base: float) -> Array:
    """base^(-2i / width) for i below width / 2."""
    return base ** (-np.arange(0, width, 2, dtype=np.float64) / width)


def rotate_neighbours(heads: Array, turned_by: Array) -> Array:
    """Turns the pairs (2i, 2i + 1) of heads [n, T, d] by angles [T, w / 2]; dimensions from w on pass."""
    turned, width = heads.copy(), 2 * turned_by.shape[-1]
    even, odd = heads[..., 0:width:2], heads[..., 1:width:2]
    turned[..., 0:width:2], turned[..., 1:width:2] = _turn(even, odd, turned_by)
    return turned


def rotate_halves(heads: Array, turned_by: Array) -> Array:
    """Turns the pairs (i, i + w / 2) of heads [n, T, w] by angles [T, w / 2]."""
    first, second = np.split(heads, 2, axis=-1)
    return np.concatenate(_turn(first, second, turned_by), axis=-1)


def _turn(a: Array, b: Array, turned_by: Array) -> tuple[Array, Array]:
    cos, sin = np.cos(turned_by).astype(a.dtype), np.sin(turned_by).astype(a.dtype)
    return a * cos - b * sin, a * sin + b * cos
