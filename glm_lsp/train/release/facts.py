"""What is known of a model beside its quality: the corpus' counts, the training, the measuring machine."""

from __future__ import annotations

import json
import platform
from collections import Counter
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np

import glm_lsp
from glm_lsp.engine.cores import physical_cores
from glm_lsp.errors import InputError
from glm_lsp.train.release.export import RunWeights

REPORT_FILE = "report.json"
CORPUS_MANIFEST = "manifest.jsonl"

ESTIMATE = frozenset(("value", "low", "high"))
"""The keys of a figure with its 95 % interval in a report of `glm-lsp eval`."""

_REPORT_REMEDY = "Put what `glm-lsp eval --json` printed there, or take the file away."


def corpus_facts(corpus: Path) -> dict[str, Any]:
    """Counts of the corpus: splits, what was dropped, decontamination, and the training text by kind.

    Raises:
        InputError: the folder has no report or manifest, or they cannot be read.
    """
    try:
        report = json.loads((corpus / REPORT_FILE).read_text(encoding="utf-8"))
        lines = (corpus / CORPUS_MANIFEST).read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if row["split"] == "train"]
        licences: Counter[str] = Counter()
        endings: Counter[str] = Counter()
        for row in rows:
            licences[row["licence"]] += row["bytes"]
            endings[PurePosixPath(row["path"]).suffix or "none"] += row["bytes"]
        return {
            "splits": report["splits"],
            "read": report["read"],
            "dropped": report["dropped"],
            "decontamination": report["decontamination"],
            "train_bytes_by_licence": dict(licences.most_common()),
            "train_bytes_by_file_ending": dict(endings.most_common()),
            "held_out_packages": {
                split: sorted(report["packages"].get(split, {})) for split in ("valid", "test")
            },
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{corpus} is not a corpus folder: {error!r}") from error


def training_facts(run: RunWeights, hardware: str) -> dict[str, Any]:
    """Steps, tokens and hours as far as the run's files tell."""
    facts: dict[str, Any] = {"hardware": hardware, "averaged_weights": run.averaged}
    if "step" in run.progress:
        facts["steps"] = int(run.progress["step"])
    if "tokens" in run.progress:
        facts["tokens"] = int(run.progress["tokens"])
    if "seconds" in run.progress:
        facts["hours"] = round(run.progress["seconds"] / 3600, 2)
    return facts


def machine_facts() -> dict[str, Any]:
    """The machine and the versions that the figures come from."""
    return {
        "processor": _processor(),
        "cores": physical_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "onnxruntime": _version("onnxruntime") or _version("onnxruntime-gpu"),
        "glm_lsp": glm_lsp.__version__,
    }


def read_evaluations(folder: Path | None) -> dict[str, Any]:
    """The figures of every .json file in a folder, by file name; lists (single tasks) are left out.

    Raises:
        InputError: there is no such folder, or a file is not a report that a card can show.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder", "Name the folder of the figures of `glm-lsp eval --json`."
        )
    return {path.stem: _read_evaluation(path) for path in sorted(folder.glob("*.json"))}


def _read_evaluation(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"the evaluation {path} cannot be read: {error}", _REPORT_REMEDY) from error
    if not isinstance(value, dict):
        raise InputError(f"the evaluation {path} is not a JSON object", _REPORT_REMEDY)
    for key in ("data", "results"):
        if not isinstance(value.get(key, {}), dict):
            raise InputError(f'"{key}" in the evaluation {path} is not a JSON object', _REPORT_REMEDY)
    figures = _without_lists(value)
    if not _is_kept({path.stem: figures}):
        raise InputError(
            f"the evaluation {path} has a figure or a name that JSON cannot keep, such as NaN", _REPORT_REMEDY
        )
    return figures


def _is_kept(values: dict[str, Any]) -> bool:
    """Whether metrics.json gives back just what was put in: not so with NaN, infinity and lone surrogates."""
    try:
        return bool(msgspec.json.decode(msgspec.json.encode(values)) == values)
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return False


def _without_lists(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_lists(part) if isinstance(part, dict) else part
        for key, part in value.items()
        if not isinstance(part, list)
    }


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
