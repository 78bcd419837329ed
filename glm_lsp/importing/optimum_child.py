"""Runs optimum, in a process and often an environment of its own: python optimum_child.py CHECKPOINT OUT ARCHITECTURE.

optimum needs older libraries than the rest of this program can live with, so nothing of the program is imported here.
Exit status 3 says that optimum or something it needs is not there.
"""

from __future__ import annotations

import sys
from typing import Any

MISSING = 3
TASK = "text-generation-with-past"


def export(checkpoint: str, out: str, architecture: str) -> None:
    """Writes the standard graph in fp32 into the folder `out`. optimum knows "glm", and "glm4" only when told how."""
    from optimum.exporters.onnx import main_export  # type: ignore[import-not-found]  # noqa: PLC0415
    from optimum.exporters.onnx.model_configs import GLMOnnxConfig  # type: ignore[import-not-found]  # noqa: PLC0415
    from transformers import AutoConfig  # type: ignore[import-not-found]  # noqa: PLC0415

    options: dict[str, Any] = {}
    if architecture == "glm4":
        # The sandwich norms change nothing of what goes in and comes out.
        config = AutoConfig.from_pretrained(checkpoint)
        described = GLMOnnxConfig(config, task="text-generation", use_past=True, use_past_in_inputs=True)
        options["custom_onnx_configs"] = {"model": described}
    main_export(checkpoint, out, task=TASK, dtype="fp32", do_validation=False, **options)


if __name__ == "__main__":
    try:
        export(*sys.argv[1:])
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(MISSING)
