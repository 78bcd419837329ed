"""The last look at an imported model: another process loads all of it, as this one must not become that large."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from glm_lsp import terminal
from glm_lsp.errors import DeviceError, ModelError, RuntimeLibraryError, SelfCheckError, error_from_dict

KILLED = -getattr(signal, "SIGKILL", 9)
"""How a process ends that the system takes for the one that has too much memory."""


def last_look(folder: Path) -> bool:
    """Loads a model; False when it was killed or this machine cannot run it, so that nobody knows.

    Raises:
        SelfCheckError: it does not compute what it should, or whoever loads it crashes.
        GlmError: it could not be tried; what is wrong is not the model.
    """
    terminal.say("loading the model for a last look ...")
    with subprocess.Popen(  # noqa: S603
        command(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            out, err = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode == KILLED:
        terminal.say(
            "NOT CHECKED: the process that loaded the model was killed, most likely for want of memory. This machine "
            "may be too small for it; `glm-lsp model verify` tries again."
        )
        return False
    if process.returncode < 0:
        raise SelfCheckError(f"loading the finished model ended in a crash (signal {-process.returncode})")
    try:
        agreement = _report(process.returncode, out, err).get("agreement")
    except DeviceError as error:
        terminal.say(
            f"NOT CHECKED: {error.cause}. Where it is going to run, `glm-lsp model verify` makes up for it."
        )
        return False
    if agreement:
        terminal.say(
            f"{agreement['same_best']} of {agreement['rows']} best tokens are those of the formulas, "
            f"correlation {agreement['correlation']}"
        )
    return True


def command(folder: Path) -> list[str]:
    """What is run for it."""
    return [sys.executable, "-m", "glm_lsp", "model", "verify", str(folder), "--json"]


def _report(status: int, out: str, err: str) -> dict[str, Any]:
    try:
        report = json.loads(out)
    except ValueError:
        lines = err.strip().splitlines()
        raise SelfCheckError(
            f"loading the finished model failed (exit status {status}): {lines[-1] if lines else 'it said nothing'}"
        ) from None
    if "error" in report:
        error = error_from_dict(report["error"])
        if isinstance(error, DeviceError):
            raise error
        if not isinstance(error, ModelError | RuntimeLibraryError):
            raise error
        raise SelfCheckError(f"the finished model is not right: {error.cause}")
    if status:
        wrong = [f"{file['name']} {file['problem']}" for file in report["files"] if file["problem"]]
        raise SelfCheckError(f"the finished model is not right: {', '.join(wrong) or f'status {status}'}")
    return dict(report)
