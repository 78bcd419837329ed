"""What a check of the doctor found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from glm_lsp.errors import GlmError

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `--json` has these names as keys.

    Attributes:
        verdict: "warn" works but could be better, "fail" keeps completions from working.
        finding: one line with what was seen.
        fix: what to do or type; empty when all is well.
    """

    verdict: Verdict
    finding: str
    fix: str = ""


Check = Callable[[], Iterator[Finding]]
"""Looks at one thing. A `GlmError` it raises becomes a finding; see `failed`."""


def ok(finding: str) -> Finding:
    """All is well."""
    return Finding("ok", finding)


def warn(finding: str, fix: str) -> Finding:
    """Works, but not as well as it could."""
    return Finding("warn", finding, fix)


def fail(finding: str, fix: str) -> Finding:
    """Completions do not work because of this."""
    return Finding("fail", finding, fix)


def failed(error: GlmError) -> Finding:
    """The finding for an error of ours."""
    return Finding("fail", f"{error.code}: {error.cause}", error.remedy)
