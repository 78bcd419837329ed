"""What a result was measured on: without it no figure can be compared with another."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

import msgspec

import glm_lsp
from glm_lsp.doctor.machine import proc_file
from glm_lsp.engine.cores import physical_cores
from glm_lsp.engine.cuda.gpu import find_gpus
from glm_lsp.engine.description import EngineDescription

BUSY_SHARE = 0.1
"""Processor time taken by others from which on figures are not to be trusted."""

_WATCH_S = 0.3
_GIT_S = 10


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Machine, programs and model; None is what the system does not tell.

    Attributes:
        cores: physical ones this process may use.
        cache_mib: the processor's last level cache.
        onnxruntime: version of the installed wheel.
        commit: of the checkout this program runs from, with "+changes" when files differ from it.
        load_average: of the last minute.
        busy_share: processor time that was taken right before the start, 0 to 1.
        others_share: processor time that other programs took from the command's start to its end.
        gpu: the one the model ran on, its memory and driver.
    """

    processor: str
    cores: int
    cache_mib: float | None
    memory_mib: int | None
    system: str
    python: str
    onnxruntime: str | None
    glm_lsp: str
    commit: str | None
    model: str
    model_hash: str
    precision: str
    device: str
    threads: int
    date: str
    load_average: float | None
    busy_share: float | None
    others_share: float | None = None
    gpu: str | None = None

    @property
    def warning(self) -> str:
        """What to tell when the machine is not idle; empty when it is or nobody knows."""
        if (self.others_share or 0) > BUSY_SHARE:
            return f"other programs took {self.others_share:.0%} of the processor time: figures are too slow"
        if self.others_share is None and (self.busy_share or 0) > BUSY_SHARE:
            return (
                f"other programs take {self.busy_share:.0%} of the processor time: figures come out too slow"
            )
        return ""


class ProcessorWatch:
    """From when it is made, how much processor time went to programs that are neither this one nor its children."""

    def __init__(self) -> None:
        self._ticks, self._own_s = _processor_ticks(), _own_seconds()
        self._detached_s = 0.0

    def count_own(self, seconds: float) -> None:
        """Takes processor time of a process for this program's that is none of its children."""
        self._detached_s += seconds

    def others_share(self) -> float | None:
        """Of all processor time until now; children count as soon as they have ended. None where nobody tells."""
        ticks = _processor_ticks()
        if not self._ticks or not ticks:
            return None
        total, idle = (late - early for early, late in zip(self._ticks, ticks, strict=True))
        own = (_own_seconds() - self._own_s + self._detached_s) * os.sysconf("SC_CLK_TCK")
        return round(max(0.0, total - idle - own) / total, 3) if total > 0 else None


def processor_seconds(pid: int) -> float:
    """Processor time that a process has taken; 0 where the system does not tell."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        # Its second field, in parentheses, may hold anything.
        fields = told.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, LookupError, ValueError):
        return 0.0


def look_around(model: EngineDescription) -> Environment:
    """The environment of a measurement of `model` that starts now; watches the machine for 0.3 s first."""
    memory = proc_file("meminfo").get("MemTotal", "").removesuffix(" kB")
    return Environment(
        processor=proc_file("cpuinfo").get("model name") or platform.processor() or platform.machine(),
        cores=physical_cores(),
        cache_mib=_cache_mib(),
        memory_mib=int(memory) // 1024 if memory.isdigit() else None,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        onnxruntime=_onnxruntime_version(),
        glm_lsp=glm_lsp.__version__,
        commit=commit(Path(glm_lsp.__file__).parents[1]),
        model=model.model,
        model_hash=model.model_hash,
        precision=model.precision,
        device=model.device,
        threads=model.threads,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        load_average=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        busy_share=busy_share(),
        gpu=_gpu() if model.device.startswith("cuda") else None,
    )


def place_of(environment: Environment) -> Literal["cpu", "cuda"]:
    """The kind of device that the model ran on."""
    return "cuda" if environment.device.startswith("cuda") else "cpu"


def commit(checkout: Path) -> str | None:
    """The commit `checkout` is at, "+changes" behind it when tracked files differ; None when it is no checkout."""
    # An installed package may lie inside the checkout of another project.
    if not (checkout / ".git").exists() or not (git := shutil.which("git")):
        return None
    head = _output(git, "-C", str(checkout), "rev-parse", "HEAD")
    if not head:
        return None
    changes = _output(git, "-C", str(checkout), "status", "--porcelain", "--untracked-files=no")
    return head + ("+changes" if changes else "")


def busy_share(sleep: Callable[[float], None] = time.sleep) -> float | None:
    """The share of all processor time that is taken while this process sleeps; None where nobody tells."""
    before = _processor_ticks()
    sleep(_WATCH_S)
    after = _processor_ticks()
    if not before or not after:
        return None
    total, idle = (late - early for early, late in zip(before, after, strict=True))
    return round(1 - idle / total, 3) if total > 0 else None


def _gpu() -> str | None:
    gpus = find_gpus().gpus
    if not gpus:
        return None
    gpu = gpus[0]
    return f"{gpu.name}, {gpu.total_bytes / 2**30:.0f} GiB, driver {gpu.driver}, CUDA {gpu.cuda_version}"


def _processor_ticks() -> tuple[int, int] | None:
    """(all, idle) since the system's start."""
    try:
        fields = Path("/proc/stat").read_text("ascii").partition("\n")[0].split()
    except OSError:
        return None
    ticks = [int(field) for field in fields[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


def _own_seconds() -> float:
    """Processor time of this process, and of its children that have ended."""
    return sum(os.times()[:4])


def _cache_mib() -> float | None:
    """Size of the largest cache of the first processor."""
    sizes = []
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text("ascii").strip()
        if text.endswith("K") and text[:-1].isdigit():
            sizes.append(int(text[:-1]) / 1024)
    return max(sizes, default=None)


def _onnxruntime_version() -> str | None:
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def _output(*command: str) -> str:
    try:
        result = subprocess.run(  # noqa: S603  # git, by its full path
            command, capture_output=True, text=True, timeout=_GIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
