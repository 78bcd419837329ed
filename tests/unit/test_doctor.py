"""The doctor's checks, each shown the fault it is for."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace

import pytest

from glm_lsp import doctor, paths
from glm_lsp.doctor import cuda, editors, engines, installation, machine, model, storage
from glm_lsp.doctor.finding import Check, Finding, fail, ok, warn
from glm_lsp.engine import placement
from glm_lsp.engine.cuda.gpu import Gpu, GpuSurvey
from glm_lsp.engine.cuda.libraries import Libraries
from glm_lsp.engine.cuda.session import DeviceReport
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.engine.process.state import ProcessState, StateFile
from glm_lsp.errors import DeviceError, ModelFileError, OnnxRuntimeConflictError, OnnxRuntimeMissingError
from tests.tiny_model import tiny_model


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("GLM_LSP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def tiny(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LSP_MODEL", "tiny")
    return tiny_model(home / "models").path


def only(check: Check) -> Finding:
    findings = list(check())
    assert len(findings) == 1
    return findings[0]


def versions(monkeypatch: pytest.MonkeyPatch, **found: str) -> None:
    """Pretends that of the ONNX Runtimes exactly these are installed; dashes are written as underscores."""
    real = metadata.version

    def version(name: str) -> str:
        if not name.startswith("onnxruntime"):
            return real(name)
        try:
            return found[name.replace("-", "_")]
        except KeyError:
            raise metadata.PackageNotFoundError(name) from None

    monkeypatch.setattr(metadata, "version", version)


def broken() -> Iterator[Finding]:
    raise ZeroDivisionError("planted")
    yield  # makes it a generator


def damaged() -> Iterator[Finding]:
    raise ModelFileError("model.onnx is missing")
    yield


def test_check_that_breaks_is_a_finding_and_the_rest_goes_on() -> None:
    report = list(doctor.diagnose({"a": broken, "b": lambda: iter([ok("fine")])}))
    assert [(name, finding.verdict) for name, finding in report] == [("a", "fail"), ("b", "ok")]
    assert "ZeroDivisionError: planted" in report[0][1].finding


def test_error_is_told_once_with_its_remedy() -> None:
    first, second = (finding for _, finding in doctor.diagnose({"a": damaged, "b": damaged}))
    assert first == Finding("fail", "GLM-203: model.onnx is missing", ModelFileError.remedy)
    assert second == Finding("fail", "GLM-203, as above")


@pytest.mark.parametrize(
    ("findings", "verdict", "words"),
    [
        ([ok("x"), ok("x")], "ok", "all 2 findings are fine"),
        ([ok("x"), warn("x", "y")], "warn", "Completions work; 1 of 2"),
        ([warn("x", "y"), fail("x", "y")], "fail", "will not work: 1 of 2"),
    ],
)
def test_verdict_is_the_worst(findings: list[Finding], verdict: str, words: str) -> None:
    assert doctor.overall(findings) == verdict
    assert words in doctor.summary(findings)


def test_there_are_at_least_25_checks() -> None:
    assert len(doctor.CHECKS) >= 25


def test_this_environment_is_fine() -> None:
    for check in (installation.python, installation.program, installation.libraries, machine.processor):
        assert only(check).verdict == "ok", check


def test_old_python_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1, "final", 0))
    assert only(installation.python).verdict == "fail"


def test_missing_library_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "tokenizers":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(metadata, "version", version)
    finding = only(installation.libraries)
    assert (finding.verdict, finding.finding) == ("fail", "not installed: tokenizers")
    assert finding.fix.endswith("-m pip install tokenizers")


@pytest.mark.parametrize(
    ("installed", "verdict", "code"),
    [
        ({}, "fail", OnnxRuntimeMissingError.code),
        ({"onnxruntime": "1.31.1", "onnxruntime_gpu": "1.31.1"}, "fail", OnnxRuntimeConflictError.code),
        ({"onnxruntime": "1.29.0"}, "warn", "1.30"),
        ({"onnxruntime": "1.30.0"}, "ok", "onnxruntime 1.30.0"),
        ({"onnxruntime_gpu": "2.0.0"}, "ok", "onnxruntime-gpu 2.0.0"),
    ],
)
def test_onnx_runtime(
    monkeypatch: pytest.MonkeyPatch, installed: dict[str, str], verdict: str, code: str
) -> None:
    versions(monkeypatch, **installed)
    finding = only(installation.onnx_runtime)
    assert finding.verdict == verdict
    assert code in finding.finding
    assert bool(finding.fix) == (verdict != "ok")


def test_processor_without_fast_instructions_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_: "flags\t\t: fpu sse sse2\n")
    assert only(machine.processor).verdict == "warn"


def test_processor_that_cannot_be_read_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert only(machine.processor).verdict == "ok"


@pytest.mark.parametrize(("threads", "verdict"), [("0", "ok"), ("1", "ok"), ("200", "warn")])
def test_threads(monkeypatch: pytest.MonkeyPatch, threads: str, verdict: str) -> None:
    monkeypatch.setenv("GLM_LSP_THREADS", threads)
    assert only(machine.threads).verdict == verdict


def test_intact_model(tiny: Path) -> None:
    assert "tiny" in next(finding.finding for finding in model.installed() if finding.verdict == "ok")
    assert "all hashes" in only(model.files).finding
    assert "codegeex4" in only(model.tokenizer).finding
    live = only(model.completion)
    assert live.verdict == "ok"
    assert "ms each" in live.finding


def test_kernels_agree_with_themselves(tiny: Path) -> None:
    assert only(model.kernels).verdict == "ok"


@pytest.mark.parametrize(("kib", "verdict"), [("4000000", "ok"), ("400000", "warn"), ("?", "ok")])
def test_free_memory(monkeypatch: pytest.MonkeyPatch, kib: str, verdict: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_: f"MemFree: 1 kB\nMemAvailable:  {kib} kB\n")
    assert only(machine.memory).verdict == verdict


def test_altered_model_raises_its_error(tiny: Path) -> None:
    (tiny / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(ModelFileError, match=r"tokenizer\.json"):
        list(model.files())


def test_broken_model_folder_is_a_warning(home: Path) -> None:
    (home / "models" / "half").mkdir(parents=True)
    findings = [finding for finding in model.installed() if "half" in finding.finding]
    assert [finding.verdict for finding in findings] == ["warn"]
    assert "GLM-202" in findings[0].finding


@pytest.mark.parametrize(("device", "verdict"), [("auto", "ok"), ("cuda", "fail")])
def test_cuda_that_cannot_be_used_fails_only_if_it_was_asked_for(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, device: str, verdict: str
) -> None:
    monkeypatch.setenv("GLM_LSP_DEVICE", device)
    finding = only(cuda.model)
    assert finding.verdict == verdict
    assert (DeviceError.code in finding.finding) == (verdict == "fail")


def test_folders_are_named_with_their_free_space(home: Path) -> None:
    for check in (storage.cache_folder, storage.runtime_folder, storage.log_folder, storage.models_folder):
        finding = only(check)
        assert finding.verdict == "ok"
        assert str(home) in finding.finding
        assert "GiB free" in finding.finding


def test_little_space_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))
    assert only(storage.cache_folder).verdict == "warn"


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "GLM-501"), (errno.EROFS, "GLM-500"), (errno.EACCES, "GLM-500")]
)
def test_folder_that_looks_writable_is_really_written_to(
    monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def refuse(**_: object) -> TemporaryFile[bytes]:  # type: ignore[valid-type]
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(storage, "TemporaryFile", refuse)
    ((_, finding),) = doctor.diagnose({"cache folder": storage.cache_folder})
    assert finding.verdict == "fail"
    assert finding.finding.startswith(code)


def test_settings_that_cannot_be_used_are_warnings(home: Path) -> None:
    (home / "config.toml").write_text("thread = 2\nlingerS = 'x'\n")
    verdicts = [finding.verdict for finding in storage.settings()]
    assert verdicts == ["warn", "warn", "ok"]


@pytest.mark.parametrize(("encoding", "verdict"), [("utf-8", "ok"), ("ascii", "warn"), ("cp1252", "warn")])
def test_stdout_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str, verdict: str) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert only(storage.stdout_encoding).verdict == verdict


def test_address_and_loopback_are_usable_here() -> None:
    assert only(engines.address).verdict == "ok"
    assert only(engines.loopback).verdict == "ok"


def test_no_running_engine_is_fine() -> None:
    assert only(engines.running) == ok("none; the first completion starts one")


def test_state_of_a_dead_engine_is_not_taken_for_a_running_one() -> None:
    state = ProcessState(status="ready", pid=os.getpid(), version="0", address="unix:/nowhere")
    StateFile(paths.runtime_dir() / "x.json").write(state)
    assert only(engines.running).finding.startswith("none")


def test_engine_that_does_not_answer_is_a_warning() -> None:
    folder = paths.runtime_dir()
    lock = ProcessLock(folder / "x.lock")
    assert lock.acquire()
    try:
        address = f"unix:{folder / 'x.sock'}"
        StateFile(folder / "x.json").write(
            ProcessState(status="ready", pid=os.getpid(), version="0", address=address)
        )
        finding = only(engines.running)
    finally:
        lock.release()
    assert finding.verdict == "warn"
    assert finding.fix == f"kill {os.getpid()}"


def test_engine_elsewhere_is_asked_only_when_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing leaves" in only(engines.remote).finding
    monkeypatch.setenv("GLM_LSP_ENGINE_URL", "http://127.0.0.1:9")
    assert only(engines.remote).verdict == "fail"


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script as the editor")
@pytest.mark.parametrize(
    ("prints", "check", "verdict"),
    [
        ("NVIM v0.12.4", editors.neovim, "ok"),
        ("NVIM v1.0.0", editors.neovim, "ok"),
        ("NVIM v0.11.4", editors.neovim, "ok"),
        ("NVIM v0.10.9", editors.neovim, "warn"),
        ("who knows", editors.neovim, "warn"),
        ("1.99.0", editors.vs_code, "ok"),
    ],
)
def test_editors(
    home: Path, monkeypatch: pytest.MonkeyPatch, prints: str, check: Check, verdict: str
) -> None:
    program(home, "nvim" if check is editors.neovim else "code", prints)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}/bin{os.pathsep}/usr/bin")
    finding = only(check)
    assert finding.verdict == verdict
    assert prints in finding.finding or "does not tell" in finding.finding


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script as the program")
def test_the_program_that_editors_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = home / "own", home / "other"
    own.mkdir()
    other.mkdir()
    program(own, "glm-lsp", "this one")
    monkeypatch.setattr(editors.sysconfig, "get_path", lambda _: str(own))
    monkeypatch.setenv("PATH", str(other))
    finding = only(editors.program)
    assert (finding.verdict, str(own / "glm-lsp") in finding.finding) == ("warn", True)
    assert f"Put {own} on the PATH" in finding.fix
    (other / "glm-lsp").symlink_to(own / "glm-lsp")
    assert only(editors.program) == ok(
        f"editors that are told no other start {other / 'glm-lsp'}, which is this one"
    )
    (other / "glm-lsp").unlink()
    program(other, "glm-lsp", "an older one")
    finding = only(editors.program)
    assert (finding.verdict, finding.fix) == ("warn", f"{other / 'glm-lsp'} doctor")
    assert str(own / "glm-lsp") in finding.finding
    monkeypatch.setattr(editors.sysconfig, "get_path", lambda _: str(home / "nothing"))
    monkeypatch.setenv("PATH", str(home))
    assert only(editors.program).fix == "make install, in the checkout"


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script as the editor")
def test_the_extension_of_vs_code_is_found_in_its_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(home, "code", "1.105.0")
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}/bin{os.pathsep}/usr/bin")
    monkeypatch.setenv("HOME", str(home))
    assert "the extension is not installed" in only(editors.vs_code).finding
    (home / ".vscode" / "extensions" / "glm-lsp.glm-lsp-0.1.0").mkdir(parents=True)
    (home / ".vscode" / "extensions" / "somebody.else-1.0.0").mkdir()
    assert only(editors.vs_code).finding.endswith(f"{home / 'code'}, with glm-lsp.glm-lsp-0.1.0")


def test_the_extension_is_called_what_its_manifest_says() -> None:
    manifest = json.loads((Path(__file__).parents[2] / "editors/vscode/package.json").read_text("utf-8"))
    assert f"{manifest['publisher']}.{manifest['name']}-" == editors.EXTENSION


def test_no_editor_is_no_fault(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert only(editors.neovim) == only(editors.vs_code) == ok("not on the PATH")


# CUDA


def surveyed(monkeypatch: pytest.MonkeyPatch, *gpus: Gpu, reason: str = "", is_known: bool = True) -> None:
    for module in (cuda, placement):
        monkeypatch.setattr(module, "find_gpus", lambda: GpuSurvey(gpus, reason, is_known))


def with_wheel(monkeypatch: pytest.MonkeyPatch, found: Libraries | None = None) -> None:
    """As if ONNX Runtime's wheel for CUDA 13 were installed."""
    runtime = SimpleNamespace(get_available_providers=lambda: ["CUDAExecutionProvider"], cuda_version="13.0")
    monkeypatch.setattr(cuda.onnx_runtime, "import_onnxruntime", lambda: runtime)
    monkeypatch.setattr(cuda, "preload", lambda _: found)


H200 = Gpu("NVIDIA H200", "580.65", "13.0", "9.0", 139 * 2**30, 141 * 2**30)
SMALL = Gpu("NVIDIA T4", "550.54", "12.4", "7.5", 2**20, 16 * 2**30)


def test_without_a_gpu_every_row_says_why_it_is_not_used(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    surveyed(monkeypatch, reason="there is no NVIDIA driver: not loaded")
    rows = [only(check) for check in (cuda.gpu, cuda.libraries, cuda.memory, cuda.model)]
    assert {row.verdict for row in rows} == {"ok"}
    assert rows[0].finding == "none: there is no NVIDIA driver: not loaded"
    assert all(row.finding.startswith("not used: ") for row in rows[1:])
    assert "make install EXTRA=gpu" in rows[1].finding
    monkeypatch.setenv("GLM_LSP_DEVICE", "cuda")
    assert only(cuda.gpu).verdict == "fail"
    monkeypatch.setenv("GLM_LSP_DEVICE", "cpu")
    assert only(cuda.model).finding == "not used: device is cpu"


def test_gpus_are_named_and_a_driver_too_old_is_a_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_wheel(monkeypatch)
    surveyed(monkeypatch, H200, SMALL)
    first, second = cuda.gpu()
    assert first.verdict == "ok"
    assert "NVIDIA H200, compute capability 9.0, 139.0 of 141.0 GiB free" in first.finding
    assert second.verdict == "warn"
    assert "not used: CUDA_VISIBLE_DEVICES" in second.finding
    assert "CUDA 13" in second.fix


def test_libraries_are_named_with_their_place_and_missing_ones_with_the_line_to_type(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {name: f"/opt/cuda/lib/lib{name}.so.13" for name in ("cudart", "cublas", "cublasLt")}
    surveyed(monkeypatch, H200)
    with_wheel(monkeypatch, Libraries(there, missing=(), without=("cudnn",)))
    finding = only(cuda.libraries)
    assert finding.verdict == "ok"
    assert "cudart, cublas, cublasLt in /opt/cuda/lib; without cudnn" in finding.finding
    with_wheel(monkeypatch, Libraries({}, missing=("cublas",), without=(), messages=("Failed to load it",)))
    for device, verdict in (("auto", "warn"), ("cuda", "fail"), ("cpu", "ok")):
        monkeypatch.setenv("GLM_LSP_DEVICE", device)
        finding = only(cuda.libraries)
        assert finding.verdict == verdict
        if verdict != "ok":
            assert finding.finding == "missing: cublas (Failed to load it)"
            assert finding.fix.endswith("make install EXTRA=gpu")
    surveyed(monkeypatch, reason="there is no NVIDIA GPU")
    monkeypatch.setenv("GLM_LSP_DEVICE", "auto")
    assert only(cuda.libraries).finding == "not used: there is no GPU"


@pytest.mark.parametrize(("gpu", "verdict"), [(H200, "ok"), (SMALL, "warn")])
def test_memory_needed_is_held_against_what_is_free(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: Gpu, verdict: str
) -> None:
    folder = tiny_model(tmp_path, precision="int8", activations="fp16").path
    monkeypatch.setenv("GLM_LSP_MODEL", str(folder))
    with_wheel(monkeypatch)
    surveyed(monkeypatch, gpu)
    finding = only(cuda.memory)
    assert finding.verdict == verdict
    assert "tiny needs 0.5 GiB: weights 0.0, each KV cache of 256 tokens 0.00" in finding.finding
    assert ("--precision int4" in finding.fix) == (verdict == "warn")


def test_how_a_model_runs_in_a_line() -> None:
    report = DeviceReport("cuda", 4096, {"CUDAExecutionProvider": 240}, (1, 2, 4, 8), "", 512, {}, True)
    assert cuda.about(report) == (
        "240 of 240 nodes on CUDA, graphs for steps of 1, 2, 4, 8 tokens, 512 tokens of a prompt at once"
    )
    report = DeviceReport("cuda", 4096, {}, (), "switched off", 64, {}, False)
    assert cuda.about(report) == (
        "runs on CUDA, no CUDA graphs: switched off, 64 tokens of a prompt at once, parked KV caches go through the "
        "host as a whole"
    )
