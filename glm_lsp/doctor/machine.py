"""Processor and cores: what decides how fast a completion is."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from glm_lsp import config
from glm_lsp.doctor.finding import Finding, ok, warn
from glm_lsp.engine.session import physical_cores

# Instructions the 4- and 8-bit kernels are fast with, the best first.
FAST_INSTRUCTIONS = ("avx512_vnni", "avx_vnni", "avx512f", "avx2", "i8mm", "asimddp")


def processor() -> Iterator[Finding]:
    """Whether the processor has the instructions the quantised kernels use."""
    flags = _cpu_flags()
    if flags is None:
        yield ok(f"{platform.machine()}; its instruction sets cannot be read on this system")
        return
    fast = [name for name in FAST_INSTRUCTIONS if name in flags]
    if fast:
        yield ok(f"{platform.machine()} with {', '.join(fast)}")
    else:
        fix = "Completions work but are slow; an engine on another machine can serve this one (engineUrl)."
        yield warn(f"{platform.machine()} without {' or '.join(FAST_INSTRUCTIONS)}", fix)


def threads() -> Iterator[Finding]:
    """Threads against cores: more threads than cores make each step wait for the slowest."""
    wanted = config.load().settings.threads
    cores, logical = physical_cores(), os.cpu_count() or 1
    found = f"{cores} physical of {logical} logical cores; threads = {wanted or 'by the machine'}"
    if wanted > cores:
        yield warn(f"{found}, which is more than there are", "Set threads to 0.")
    else:
        yield ok(found)


def _cpu_flags() -> set[str] | None:
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return set(value.split())
    return None
