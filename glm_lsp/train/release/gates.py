"""What a quantised model must keep of its fp32 reference before it may be released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from glm_lsp.errors import ReleaseGateError
from glm_lsp.train.release.metrics import PrecisionMetrics

MIN_PROMPTS = 200
"""On 60 prompts an export passed that fails on 400."""

Choice = Literal["auto", "fp32", "int8", "int4"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Least greedy agreement in tokens (share), and greatest increase of bits per byte (absolute)."""

    agreement: float
    bits_per_byte: float | None

    def complaint(self, measured: PrecisionMetrics) -> str:
        """Why the measured model does not pass, with the figures; empty when it does."""
        found = []
        agreement = measured.agreement
        if agreement is None:
            return "its agreement with fp32 was not measured"
        if agreement.num_prompts < MIN_PROMPTS:
            return f"its agreement was measured on {agreement.num_prompts} prompts, fewer than {MIN_PROMPTS}"
        # Not "<", so that a NaN does not pass.
        if not agreement.tokens >= self.agreement:
            found.append(
                f"greedy agreement with fp32 is {agreement.tokens:.2%} of {agreement.num_tokens} tokens, "
                f"not {self.agreement:.0%}"
            )
        if self.bits_per_byte is not None and not measured.bits_per_byte_change <= self.bits_per_byte:
            found.append(
                f"bits per byte rise by {measured.bits_per_byte_change:+.4f} to {measured.bits_per_byte:.4f}, "
                f"more than {self.bits_per_byte}"
            )
        return "; ".join(found)


GATES = {"int8": Gate(agreement=0.97, bits_per_byte=0.01), "int4": Gate(agreement=0.95, bits_per_byte=None)}


def complaint(measured: PrecisionMetrics) -> str:
    """Why a precision may not be released; empty when it may. fp32 has nothing to be compared with."""
    gate = GATES.get(measured.precision)
    return gate.complaint(measured) if gate else ""


def choose(wanted: Choice, measured: dict[str, PrecisionMetrics]) -> PrecisionMetrics:
    """The precision to release. `auto` is int8 where it passes its gate, else fp32.

    Raises:
        ReleaseGateError: the precision asked for fails its gate; the figures are in the message.
    """
    if wanted == "auto":
        return measured["fp32"] if complaint(measured["int8"]) else measured["int8"]
    failed = complaint(measured[wanted])
    if failed:
        raise ReleaseGateError(f"{wanted} is not released: {failed}")
    return measured[wanted]
