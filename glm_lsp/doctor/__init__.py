"""`glm-lsp doctor`: what works, what does not, and what to type to mend it."""

from __future__ import annotations

from collections.abc import Iterator

from glm_lsp.doctor import cuda, editors, engines, installation, machine, model, storage
from glm_lsp.doctor.finding import Check, Finding, Verdict, failed
from glm_lsp.errors import GlmError

CHECKS: dict[str, Check] = {
    "python": installation.python,
    "glm-lsp": installation.program,
    "libraries": installation.libraries,
    "onnx runtime": installation.onnx_runtime,
    "processor": machine.processor,
    "threads": machine.threads,
    "memory": machine.memory,
    "models": model.installed,
    "model files": model.files,
    "tokenizer": model.tokenizer,
    "completion": model.completion,
    "kernels": model.kernels,
    "gpu": cuda.gpu,
    "cuda libraries": cuda.libraries,
    "gpu memory": cuda.memory,
    "cuda": cuda.model,
    "engine address": engines.address,
    "loopback": engines.loopback,
    "running engines": engines.running,
    "engine elsewhere": engines.remote,
    "settings": storage.settings,
    "cache folder": storage.cache_folder,
    "runtime folder": storage.runtime_folder,
    "log folder": storage.log_folder,
    "models folder": storage.models_folder,
    "stdout encoding": storage.stdout_encoding,
    "program on the path": editors.program,
    "neovim": editors.neovim,
    "vs code": editors.vs_code,
}


def diagnose(checks: dict[str, Check] | None = None) -> Iterator[tuple[str, Finding]]:
    """Runs the checks in order and yields (check, finding) as they come; a check that breaks is one, too."""
    told: set[str] = set()
    for name, check in (checks or CHECKS).items():
        try:
            yield from ((name, finding) for finding in check())
        except GlmError as error:
            yield name, Finding("fail", f"{error.code}, as above") if str(error) in told else failed(error)
            told.add(str(error))
        except Exception as error:
            cause = f"the check itself broke ({type(error).__name__}: {error})"
            yield name, failed(GlmError(cause, "Please report this."))


def overall(findings: list[Finding]) -> Verdict:
    """The worst verdict."""
    verdicts = {finding.verdict for finding in findings}
    return "fail" if "fail" in verdicts else "warn" if "warn" in verdicts else "ok"


def summary(findings: list[Finding]) -> str:
    """The verdict in one line."""
    num_failed = sum(finding.verdict == "fail" for finding in findings)
    num_warned = sum(finding.verdict == "warn" for finding in findings)
    if num_failed:
        return f"Completions will not work: {num_failed} of {len(findings)} findings must be mended."
    if num_warned:
        return f"Completions work; {num_warned} of {len(findings)} findings could be better."
    return f"Completions work; all {len(findings)} findings are fine."
