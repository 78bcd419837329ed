"""The way of the chosen model to a GPU: driver, libraries, memory, and where it really runs."""

from __future__ import annotations

from collections.abc import Iterator

from glm_lsp import config
from glm_lsp.doctor.finding import Finding, fail, failed, ok, warn
from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cuda.gpu import find_gpus
from glm_lsp.engine.cuda.libraries import INSTALL, cuda_major, preload
from glm_lsp.engine.cuda.memory import needed_memory
from glm_lsp.engine.cuda.provider import PROVIDERS, has_cuda
from glm_lsp.engine.cuda.session import CudaSession, DeviceReport
from glm_lsp.engine.placement import require_cuda
from glm_lsp.engine.sessions import session_ladder
from glm_lsp.errors import DeviceError, GlmError
from glm_lsp.models.store import ModelFolder, ModelStore

GIB = 2**30


def gpu() -> Iterator[Finding]:
    """The devices, and whether their driver is new enough for this ONNX Runtime."""
    survey = find_gpus()
    wanted = config.load().settings.device
    if not survey.gpus:
        missing = f"none: {survey.reason}"
        if wanted == "cuda" and survey.is_known:
            yield fail(missing, "Install NVIDIA's driver, or set device to cpu.")
        else:
            yield ok(missing)
        return
    runtime = onnx_runtime.import_onnxruntime()
    for index, one in enumerate(survey.gpus):
        used = "" if index == 0 else " (not used: CUDA_VISIBLE_DEVICES chooses)"
        found = (
            f"{one.name}, compute capability {one.capability}, {one.free_bytes / GIB:.1f} of "
            f"{one.total_bytes / GIB:.1f} GiB free, driver {one.driver} for CUDA {one.cuda_version}{used}"
        )
        if has_cuda(runtime) and int(one.cuda_version.partition(".")[0]) < int(cuda_major(runtime)):
            needed = cuda_major(runtime)
            yield warn(
                f"{found}; ONNX Runtime is built for CUDA {needed}",
                f"Install a driver for CUDA {needed}; docs/gpu.md has the way with an older one.",
            )
        else:
            yield ok(found)


def libraries() -> Iterator[Finding]:
    """Which of CUDA's libraries were found where."""
    runtime = onnx_runtime.import_onnxruntime()
    if not has_cuda(runtime):
        yield ok(f"not used: this ONNX Runtime is the one for CPUs ({INSTALL} brings the other)")
        return
    wanted = config.load().settings.device
    if wanted != "cuda" and (wanted == "cpu" or not find_gpus().gpus):
        yield ok(f"not used: {'device is cpu' if wanted == 'cpu' else 'there is no GPU'}")
        return
    found = preload(runtime)
    folders = sorted({path.rpartition("/")[0] for path in found.found.values()} - {""})
    named = f"{', '.join(found.found) or 'none'}{' in ' if folders else ''}{', '.join(folders)}"
    if found.missing:
        said = f" ({found.messages[0]})" if found.messages else ""
        report = fail if wanted == "cuda" else warn
        yield report(f"missing: {', '.join(found.missing)}{said}", f"In the checkout, type: {INSTALL}")
    else:
        without = f"; without {', '.join(found.without)}, which are not needed" if found.without else ""
        yield ok(named + without)


def memory() -> Iterator[Finding]:
    """What the chosen model needs of the GPU, and what is free."""
    folder = _chosen()
    if reason := _reason_against(folder):
        yield ok(f"not used: {reason}")
        return
    need = needed_memory(folder, folder.manifest.capacity, run_tokens=512)
    needed = (
        f"{need.total / GIB:.1f} GiB: weights {need.weight_bytes / GIB:.1f}, "
        f"each KV cache of {folder.manifest.capacity} tokens {need.slot_bytes / GIB:.2f}"
    )
    gpus = find_gpus().gpus
    if gpus and need.total > gpus[0].free_bytes:
        fix = "Close other programs on the GPU, or import the model with --precision int4 or a smaller --capacity."
        yield warn(f"{folder.manifest.name} needs {needed}; {gpus[0].free_bytes / GIB:.1f} are free", fix)
    else:
        yield ok(f"{folder.manifest.name} needs {needed}")


def model() -> Iterator[Finding]:
    """Where the model really runs; having the libraries proves nothing."""
    wanted = config.load().settings.device
    folder = _chosen()
    try:
        if wanted == "cpu":
            raise DeviceError("device is cpu")
        require_cuda(onnx_runtime.import_onnxruntime(), folder)
    except DeviceError as error:
        yield failed(error) if wanted == "cuda" else ok(f"not used: {error.cause}")
        return
    ladder = session_ladder(folder, device=wanted)
    session = ladder.open()
    if not isinstance(session, CudaSession):
        yield warn(ladder.note or f"not used: {ladder.placement.reason}", "See the findings above.")
        return
    session.warm_up()
    yield ok(about(session.report) + (f"; {ladder.note}" if ladder.note else ""))


def about(report: DeviceReport) -> str:
    """A session's report in one line."""
    total = sum(report.num_nodes.values())
    nodes = (
        f"{report.num_nodes.get(PROVIDERS['cuda'], 0)} of {total} nodes on CUDA" if total else "runs on CUDA"
    )
    widths = ", ".join(map(str, report.graph_widths))
    graphs = f"graphs for steps of {widths} tokens" if widths else f"no CUDA graphs: {report.why_no_graphs}"
    copies = "" if report.copies_blocks else ", parked KV caches go through the host as a whole"
    return f"{nodes}, {graphs}, {report.prefill_tokens} tokens of a prompt at once{copies}"


def _reason_against(folder: ModelFolder) -> str:
    """Why the model cannot run on CUDA; empty if it can."""
    try:
        require_cuda(onnx_runtime.import_onnxruntime(), folder)
    except GlmError as error:
        return error.cause
    return ""


def _chosen() -> ModelFolder:
    return ModelStore().resolve(config.load().settings.model)
