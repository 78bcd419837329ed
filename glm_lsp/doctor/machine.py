"""Processor, cores and memory: what decides how fast a completion is."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from glm_lsp import config
from glm_lsp.doctor.finding import Finding, ok, warn
from glm_lsp.engine.cores import physical_cores

# Instructions the 4- and 8-bit kernels are fast with, the best first.
FAST_INSTRUCTIONS = ("avx512_vnni", "avx_vnni", "avx512f", "avx2", "i8mm", "asimddp")

LOW_MEMORY_BYTES = 512 * 2**20


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


def memory() -> Iterator[Finding]:
    """Room for an engine with the built-in model."""
    values = proc_file("meminfo")
    kib = values.get("MemAvailable", "").removesuffix(" kB")
    if not kib.isdigit():
        yield ok("how much is free cannot be read on this system")
    elif int(kib) * 1024 < LOW_MEMORY_BYTES:
        yield warn(f"only {int(kib) / 2**20:.1f} GiB available", "Close other programs.")
    else:
        yield ok(f"{int(kib) / 2**20:.1f} GiB available")


def _cpu_flags() -> set[str] | None:
    values = proc_file("cpuinfo")
    flags = values.get("flags") or values.get("Features")  # x86, ARM
    return set(flags.split()) if flags else None


def proc_file(name: str) -> dict[str, str]:
    """The "key: value" lines of a file in /proc; empty where there is none."""
    try:
        lines = Path("/proc", name).read_text("ascii", "replace").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
