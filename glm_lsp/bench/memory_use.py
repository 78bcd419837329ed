"""Memory that this process and its device hold now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from glm_lsp.doctor.machine import proc_file
from glm_lsp.engine.cuda.gpu import find_gpus


def memory_readers(device: Literal["cpu", "cuda"]) -> dict[str, Callable[[], float | None]]:
    """What reads each kind of memory in MiB: this process's own, and that of a GPU; None where nobody tells."""
    readers: dict[str, Callable[[], float | None]] = {"process": resident_mib}
    if device == "cuda":
        readers["device"] = device_mib
    return readers


def resident_mib() -> float | None:
    """Main memory of this process."""
    kib = proc_file("self/status").get("VmRSS", "").removesuffix(" kB")
    return int(kib) / 1024 if kib.isdigit() else None


def device_mib() -> float | None:
    """Memory in use on the first GPU, by whomever."""
    gpus = find_gpus().gpus
    return (gpus[0].total_bytes - gpus[0].free_bytes) / 2**20 if gpus else None
