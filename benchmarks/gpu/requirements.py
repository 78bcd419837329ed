"""Prints what a machine without a network is to be brought: this program's dependencies, for CUDA, and its tests'.

NVIDIA's own libraries are left out: they are larger than all the rest, and torch has brought them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ONNX_RUNTIME = "onnxruntime-gpu"
TESTS = ("pytest", "pytest-asyncio", "pytest-timeout", "hypothesis", "psutil")


def requirements(pyproject: str) -> list[str]:
    """As lines for pip."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"]]
    # Without its extras, which name NVIDIA's libraries.
    wanted += [re.sub(r"\[.*?\]", "", line) for line in extras["gpu"]]
    wanted += [line for line in extras["test"] if line.split(">")[0].split("=")[0] in TESTS]
    return [line for line in wanted if 'sys_platform == "win32"' not in line]


if __name__ == "__main__":
    print("\n".join(requirements((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))))
