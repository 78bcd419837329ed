"""Python, the program itself and ONNX Runtime: versions, and that there is one runtime and not two."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

from glm_lsp import __version__
from glm_lsp.doctor.finding import Finding, fail, failed, ok, warn
from glm_lsp.errors import OnnxRuntimeConflictError, OnnxRuntimeMissingError

MIN_PYTHON = (3, 11)
MIN_RUNTIME = (1, 30)
RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")


def python() -> Iterator[Finding]:
    """The interpreter's version."""
    found = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    if sys.version_info >= MIN_PYTHON:
        yield ok(found)
    else:
        yield fail(f"{found} is too old", "Install Python 3.11 or newer.")


def program() -> Iterator[Finding]:
    """This program's version and where it runs from."""
    yield ok(f"{__version__} on {platform.system()} {platform.machine()}")


def libraries() -> Iterator[Finding]:
    """The packages a completion needs, by name and version."""
    names = ("pygls", "lsprotocol", "msgspec", "tokenizers", "numpy", "onnx", "httptools", "uvicorn")
    versions = {name: _version(name) for name in names}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        packages = " ".join(missing)
        yield fail(f"not installed: {packages}", f"{_pip()} install {packages}")
    else:
        yield ok(", ".join(f"{name} {version}" for name, version in versions.items()))


def onnx_runtime() -> Iterator[Finding]:
    """Exactly one ONNX Runtime, new enough."""
    found = {name: version for name in RUNTIMES if (version := _version(name))}
    named = ", ".join(f"{name} {version}" for name, version in found.items())
    if not found:
        yield failed(OnnxRuntimeMissingError("no ONNX Runtime is installed"))
    elif len(found) > 1:
        yield failed(OnnxRuntimeConflictError(f"{named} are installed together"))
    elif _numbers(next(iter(found.values()))) < MIN_RUNTIME:
        floor = ".".join(map(str, MIN_RUNTIME))
        fix = f"{_pip()} install --upgrade '{next(iter(found))}>={floor}'"
        yield warn(f"{named} is older than the tested {floor}", fix)
    else:
        yield ok(named)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _pip() -> str:
    return f"{sys.executable} -m pip"
