"""Block quantisation against one block written out by hand, and the bounds it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.models import quantization
from glm_lsp.models.quantization import BLOCK, Bits, dequantize, quantize


def plain_block(block: list[float], bits: int) -> tuple[list[int], float]:
    """Codes and scale of one block, one weight at a time."""
    half = 2 ** (bits - 1)
    extreme = max(block, key=abs)
    scale = np.float32(extreme) / np.float32(-half)
    if scale == 0:
        return [half] * len(block), 0.0
    codes = [min(max(round(float(np.float32(w) * (1 / scale))) + half, 0), 2 * half - 1) for w in block]
    return codes, float(scale)


@pytest.mark.parametrize("bits", [4, 8])
def test_codes_and_scales_are_those_of_the_definition(bits: Bits) -> None:
    weight = np.random.default_rng(0).standard_normal((5, 3 * BLOCK), dtype=np.float32)
    weight[2, :BLOCK] = 0
    matrix = quantize(weight, bits)
    assert matrix.codes.shape == (5, 3, BLOCK * bits // 8)
    assert matrix.scales.shape == (5, 3)
    for row in range(5):
        for block in range(3):
            codes, scale = plain_block(weight[row, block * BLOCK : (block + 1) * BLOCK].tolist(), bits)
            stored = matrix.codes[row, block].tolist()
            found = [nibble for byte in stored for nibble in (byte & 15, byte >> 4)] if bits == 4 else stored
            assert found == codes
            assert matrix.scales[row, block] == pytest.approx(scale, rel=1e-6)


@pytest.mark.parametrize("bits", [4, 8])
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(1e-6, 1e6))
@settings(max_examples=30, deadline=None)
def test_errors_stay_within_half_a_step(bits: Bits, seed: int, spread: float) -> None:
    weight = (np.random.default_rng(seed).standard_normal((4, BLOCK)) * spread).astype(np.float32)
    matrix = quantize(weight, bits)
    error = np.abs(dequantize(matrix) - weight)
    step = np.abs(matrix.scales)
    # Opposite the extreme weight the codes end half a step early: there the error may reach a whole one.
    assert (error <= step * 1.001).all()
    extreme = np.abs(weight).argmax(axis=-1)
    assert (error[np.arange(4), extreme] <= 1e-6 * step[:, 0] * 2**bits).all()
    assert np.quantile(error / step, 0.9) <= 0.501


def test_zeros_and_tiny_weights_stay_harmless() -> None:
    weight = np.zeros((2, BLOCK), np.float32)
    weight[1] = 1e-44
    for bits in (4, 8):
        assert np.abs(dequantize(quantize(weight, bits))).max() <= 1e-43  # type: ignore[arg-type]


def test_slices_of_rows_join_seamlessly(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = np.random.default_rng(1).standard_normal((11, BLOCK), dtype=np.float32)
    whole = quantize(weight, 4)
    monkeypatch.setattr(quantization, "ROWS_AT_A_TIME", 4)
    parts = quantize(weight, 4)
    np.testing.assert_array_equal(whole.codes, parts.codes)
    np.testing.assert_array_equal(whole.scales, parts.scales)


def test_a_width_that_is_no_multiple_of_the_block_is_refused() -> None:
    with pytest.raises(ValueError, match="not a multiple"):
        quantize(np.zeros((2, 40), np.float32), 8)
