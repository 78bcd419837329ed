"""The other way to a graph: optimum exports it, and the engine runs it with its past and present.

It is independent of this program's own graph, slower, and fp32 only: something to compare with. optimum runs in a
process of its own, in the environment that `python` belongs to. It sees a folder made for it, which holds the weights
and a config written anew: nothing that came with the checkpoint can name code to be run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx

from glm_lsp.errors import ArchitectureError, ExporterError, InputError
from glm_lsp.importing.optimum_child import MISSING
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.external_data import all_tensors
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.native import native_tensors
from glm_lsp.models.manifest import CONFIG_FILE, MODEL_FILE, TOKENIZER_FILE, WEIGHT_FILE, Source
from glm_lsp.models.model_writer import ModelFacts, ModelParts, hash_weights, seal
from glm_lsp.models.staging import require_place, written_aside
from glm_lsp.models.store import ModelFolder
from glm_lsp.paths import storage_error

REQUIREMENTS = (
    "torch==2.13.0",
    "transformers==4.57.6",
    "optimum==2.1.0",
    "optimum-onnx==0.1.0",
    "onnxruntime",
)
"""Versions known to work together."""

SHOWN_LINES = 6
"""Of what optimum said when it failed."""

_CHILD = Path(__file__).with_name("optimum_child.py")
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}


def import_with_optimum(
    parts: ModelParts[Checkpoint],
    options: GraphOptions,
    facts: ModelFacts,
    target: Path,
    *,
    python: Path | None = None,
    replaces: bool = False,
    say: Callable[[str], None] = lambda _text: None,
    add: Callable[[Path], None] = lambda _folder: None,
) -> ModelFolder:
    """Writes a model folder whose graph is optimum's.

    Args:
        parts: a checkpoint in transformers' layout, its tokenizer and papers.
        options: of which capacity and vocabulary count; the precision must be fp32.
        facts: as for any import; the hash of the source is filled in when it is empty.
        target: the folder to make.
        python: of an environment with optimum; the one that runs this program when omitted.
        replaces: whether a folder that is there is replaced.
        say: told what is done next.
        add: may put more files into the folder once the graph is there.

    Raises:
        InputError: `target` exists, `python` does not, or another precision than fp32 is asked for.
        ArchitectureError: the checkpoint is not in transformers' layout of GLM or GLM-4-0414.
        ExporterError: optimum is not installed there, or failed.
        StorageFullError, StorageError: `target` cannot be written; nothing is left behind.
    """
    if options.precision != "fp32":
        raise InputError(f"optimum exports fp32, not {options.precision}", "Add --precision fp32.")
    require_place(target, replaces=replaces)
    config = require_transformers_layout(parts.checkpoint)
    with written_aside(target) as folder:
        (folder / CONFIG_FILE).write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")
        (folder / TOKENIZER_FILE).write_bytes(parts.tokenizer)
        for name, path in parts.papers.items():
            shutil.copyfile(path, folder / name)
        say("optimum is exporting; it holds the whole model in memory as fp32, more than once")
        write_graph_with_optimum(parts.checkpoint, config, folder, python=python)
        add(folder)
        source = facts.source
        if not source.sha256:
            say("hashing the checkpoint")
            sha256 = hash_weights([file.path for file in parts.checkpoint.files])
            source = Source(sha256=sha256, description=source.description)
        seal(folder, parts, options, replace(facts, source=source, graph_kind="past-present"))
    return ModelFolder.load(target)


def require_transformers_layout(checkpoint: Checkpoint) -> GlmConfig:
    """The config of a checkpoint that transformers itself can read.

    Raises:
        ArchitectureError: it is in another layout.
    """
    config = require_transformers_names(checkpoint.layout)
    if any(file.path.suffix != ".safetensors" for file in checkpoint.files):
        raise _other_layout()
    return config


def require_transformers_names(layout: Layout) -> GlmConfig:
    """The config of a checkpoint whose tensors have transformers' names.

    Raises:
        ArchitectureError: they have others.
    """
    config = layout.config
    if not isinstance(config, GlmConfig) or set(layout.tensors) != set(native_tensors(config)):
        raise _other_layout()
    return config


def _other_layout() -> ArchitectureError:
    return ArchitectureError(
        "the checkpoint is not in transformers' layout with safetensors, and optimum is given no other",
        "Take the model's -hf repository, or import without --exporter.",
    )


def write_graph_with_optimum(
    checkpoint: Checkpoint, config: GlmConfig, folder: Path, *, python: Path | None = None
) -> None:
    """Puts optimum's graph and its weights into a model folder.

    Raises:
        InputError, ExporterError: see `import_with_optimum`.
    """
    with tempfile.TemporaryDirectory(prefix=".optimum-", dir=folder) as scratch:
        given, out = Path(scratch) / "checkpoint", Path(scratch) / "out"
        given.mkdir()
        (given / CONFIG_FILE).write_text(json.dumps(config.to_dict()), encoding="utf-8")
        index = checkpoint.folder / "model.safetensors.index.json"
        for path in (
            *(file.path for file in checkpoint.files),
            *([index] if len(checkpoint.files) > 1 else []),
        ):
            _lend(path, given / path.name)
        export(given, out, config.architecture, python=python)
        _take(out / MODEL_FILE, folder)


def export(checkpoint: Path, out: Path, architecture: str, *, python: Path | None = None) -> None:
    """Runs optimum on a folder as transformers saves it; `out` gets model.onnx.

    Raises:
        InputError: there is no such `python`.
        ExporterError: it has no optimum, or optimum failed.
    """
    # Isolated: a module beside the script, or in the current folder, must not pose as one of optimum's.
    command = [str(python or sys.executable), "-I", str(_CHILD), str(checkpoint), str(out), architecture]
    try:
        found = subprocess.run(  # noqa: S603  # the user's own interpreter
            command,
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise InputError(
            f"{command[0]} cannot be run: {error.strerror}", "Name a Python with --exporter-python."
        ) from error
    if found.returncode == MISSING:
        raise ExporterError(
            f"{command[0]} has no optimum that works: {_last(found.stderr, 1)}", _how_to_install()
        )
    if found.returncode < 0:
        raise ExporterError(
            f"optimum was ended by signal {-found.returncode}, most likely for want of memory",
            "Import without --exporter; that needs a few GB only.",
        )
    if found.returncode or not (out / MODEL_FILE).is_file():
        raise ExporterError(f"optimum failed: {_last(found.stderr, SHOWN_LINES)}")


def _how_to_install() -> str:
    folder = "optimum-env"
    program = f"{folder}\\Scripts\\python" if os.name == "nt" else f"{folder}/bin/python"
    return (
        f"Make an environment for it:\n    python3 -m venv {folder}\n"
        f"    {program} -m pip install {' '.join(REQUIREMENTS)}\n"
        f"  and name it: --exporter-python {program}"
    )


def _last(output: bytes, count: int) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return " / ".join(lines[-count:]).rstrip(".") or "it said nothing"


def _lend(source: Path, link: Path) -> None:
    """Makes a file appear elsewhere, without copying its gigabytes where the system allows it."""
    for way in (os.symlink, os.link, shutil.copyfile):
        try:
            way(source.absolute(), link)
        except OSError as error:
            if way is shutil.copyfile:
                raise storage_error(link, error) from error
        else:
            return


def _take(graph: Path, folder: Path) -> None:
    """Moves a graph into a model folder, its weights in the one file that such a folder has for them."""
    model = onnx.load(str(graph), load_external_data=False)
    places = [
        entry for tensor in all_tensors(model) for entry in tensor.external_data if entry.key == "location"
    ]
    outside = {place.value for place in places}
    if not outside:
        onnx.save_model(
            model,
            str(folder / MODEL_FILE),
            save_as_external_data=True,
            location=WEIGHT_FILE,
            size_threshold=1024,
        )
        return
    if len(outside) != 1:
        raise ExporterError(f"optimum put the weights into {len(outside)} files")
    name = outside.pop()
    if Path(name).name != name:
        raise ExporterError(f"optimum put the weights into {name!r}")
    for place in places:
        place.value = WEIGHT_FILE
    (graph.parent / name).replace(folder / WEIGHT_FILE)
    (folder / MODEL_FILE).write_bytes(model.SerializeToString())
