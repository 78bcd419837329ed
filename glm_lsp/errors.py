"""Every error a person can meet, each with a code, a cause and a remedy.

    GlmError
    ├── InputError          GLM-1xx  a file, a position or an option given by the user
    ├── ModelError          GLM-2xx  a model folder or a checkpoint
    ├── RuntimeLibraryError GLM-3xx  ONNX Runtime and the device
    ├── EngineError         GLM-4xx  the engine process and its wire
    ├── StorageError        GLM-5xx  folders and disks
    └── TrainingError       GLM-6xx  corpus and training

Foreign exceptions are mapped to these at the boundary where they arise. Expected outcomes of a completion
(cancelled, nothing worth showing) are values, not errors. Codes are listed in docs/troubleshooting.md.
"""

from __future__ import annotations

from collections.abc import Mapping


class GlmError(Exception):
    """Base of all errors shown to people.

    Args:
        cause: what happened, with the offending value; one sentence, no trailing dot needed.
        remedy: what to do about it; the class's own remedy when omitted.
    """

    code = "GLM-000"
    remedy = "Run `glm-lsp doctor` and report the problem with its output."

    def __init__(self, cause: str, remedy: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.code}: {self.cause}. {self.remedy}"

    def to_dict(self) -> dict[str, str]:
        """The error as JSON-ready strings: code, cause, remedy."""
        return {"code": self.code, "cause": self.cause, "remedy": self.remedy}


class InputError(GlmError):
    """The user named something that cannot be used."""

    code = "GLM-100"
    remedy = "Check the command's arguments with --help."


class SourceNotFoundError(InputError):
    """The source file does not exist."""

    code = "GLM-101"
    remedy = "Check the path; it is taken relative to the current folder."


class SourceNotTextError(InputError):
    """The source file is binary or not UTF-8."""

    code = "GLM-102"
    remedy = "Completions need UTF-8 text; convert the file first."


class SourceTooLargeError(InputError):
    """The source file is larger than the server reads."""

    code = "GLM-103"
    remedy = "Files above 10 MiB are left alone; split the file."


class PositionError(InputError):
    """LINE or COL lies outside the file."""

    code = "GLM-104"
    remedy = "LINE and COL count from 1; COL may be at most one past the end of its line."


class SettingError(InputError):
    """A setting is unknown or has a value that cannot be used."""

    code = "GLM-105"
    remedy = "See the settings table in README.md."


class NothingToDocumentError(InputError):
    """There is no definition at the place, or nothing is missing there."""

    code = "GLM-106"
    remedy = "Put the cursor on a function, a method or a class without documentation, or into it."


class UnknownGrammarError(InputError):
    """The language has no grammar here, or the file is too large for one."""

    code = "GLM-107"
    remedy = (
        "Documentation is written in Python, JavaScript, TypeScript, Go, Rust, Java, C and C++, in files of up to a "
        "million characters."
    )


class CodeTouchedError(InputError):
    """An edit would have changed more than documentation, and was not made."""

    code = "GLM-108"
    remedy = "Mend the syntax error nearby, if there is one; else report the definition. Nothing was changed."


class DocumentChangedError(InputError):
    """The document was edited while its documentation was being written."""

    code = "GLM-109"
    remedy = "Ask again; nothing was changed."


class ModelError(GlmError):
    """A model folder cannot be used."""

    code = "GLM-200"
    remedy = "Run `glm-lsp model verify` on the model, then put its folder there anew."


class ModelNotFoundError(ModelError):
    """No model of that name, or the folder is missing."""

    code = "GLM-201"
    remedy = "Run `glm-lsp model list` to see what is installed."


class ManifestError(ModelError):
    """The manifest is missing, unreadable or incomplete."""

    code = "GLM-202"
    remedy = "Put the model's folder there anew, or import it again."


class ModelFileError(ModelError):
    """A model file is missing, truncated or altered."""

    code = "GLM-203"
    remedy = "The file differs from its manifest; put the model's folder there anew."


class ModelVersionError(ModelError):
    """The model folder was made for another version of this program."""

    code = "GLM-204"
    remedy = "Take a model folder made for this version; for the starter, install glm-lsp again."


class ArchitectureError(ModelError):
    """The checkpoint's architecture or configuration is not supported."""

    code = "GLM-205"
    remedy = "See docs/models.md for the models that can be imported, and what is refused."


class CheckpointError(ModelError):
    """A checkpoint file is unreadable, or a tensor is missing, unknown or of the wrong shape."""

    code = "GLM-206"
    remedy = (
        "Download that file again and compare its hash with the published one; if it is as published, report it with "
        "the model's name."
    )


class TokenizerError(ModelError):
    """The tokenizer is unreadable or lacks tokens its prompt profile needs."""

    code = "GLM-207"
    remedy = (
        "Of an installed model: `glm-lsp model verify NAME`. At an import: --profile and --chat choose other layouts, "
        "see docs/models.md."
    )


class SelfCheckError(ModelError):
    """A model does not compute what its checkpoint means."""

    code = "GLM-208"
    remedy = "Do not use it: verify the checkpoint, import it again; if this repeats, report it with its config.json."


class HubError(ModelError):
    """The model hub's answer cannot be used."""

    code = "GLM-210"
    remedy = "Try again later; behind a proxy or a mirror, check HF_ENDPOINT and the proxy's settings."


class HubNotFoundError(HubError):
    """The hub knows no such repository, revision or file."""

    code = "GLM-211"
    remedy = "Check ORG/NAME and --revision on the hub's page of the model; a private one needs HF_TOKEN."


class HubAccessError(HubError):
    """The hub does not give the repository to this user."""

    code = "GLM-212"
    remedy = "Accept the model's terms on its page, make a token that may read it, and set HF_TOKEN to it."


class HubUnreachableError(HubError):
    """The hub cannot be reached, or stays silent."""

    code = "GLM-213"
    remedy = (
        "Check the network, the proxy and HF_ENDPOINT, then run the command again: it goes on where it ended."
    )


class HubBusyError(HubError):
    """The hub serves nobody, or not so often."""

    code = "GLM-214"
    remedy = "Wait some minutes, then run the command again: it goes on where it ended."


class HubFileError(HubError):
    """A file of the repository is not what the hub says it is, or has a name that is not allowed."""

    code = "GLM-215"
    remedy = "Run the command again; if it repeats, do not use this repository."


class ExporterError(ModelError):
    """The exporter is not installed, or failed."""

    code = "GLM-216"
    remedy = "Import without --exporter; the program's own graph needs no other package and is faster."


class RuntimeLibraryError(GlmError):
    """ONNX Runtime cannot be used as asked."""

    code = "GLM-300"


class OnnxRuntimeMissingError(RuntimeLibraryError):
    """No ONNX Runtime is installed."""

    code = "GLM-301"
    remedy = "In the checkout, type `make install`, or `make install EXTRA=gpu` for CUDA."


class OnnxRuntimeConflictError(RuntimeLibraryError):
    """Both ONNX Runtime wheels are installed; they overwrite each other."""

    code = "GLM-302"
    remedy = (
        "Keep one: pip uninstall -y onnxruntime onnxruntime-gpu, then, in the checkout, `make install` or "
        "`make install EXTRA=gpu`."
    )


class DeviceError(RuntimeLibraryError):
    """The requested device is not available."""

    code = "GLM-303"
    remedy = "Run `glm-lsp doctor` to see what CUDA lacks, or use device 'auto' or 'cpu'."


class SessionError(RuntimeLibraryError):
    """ONNX Runtime refused the model or a run."""

    code = "GLM-304"
    remedy = "Run `glm-lsp model verify`; if the model is intact, report this with the log."


class ContextOverflowError(RuntimeLibraryError):
    """More tokens than the KV slot holds."""

    code = "GLM-305"
    remedy = "Shorten the prompt or ask for fewer tokens."


class GpuMemoryError(RuntimeLibraryError):
    """The GPU's memory does not suffice."""

    code = "GLM-306"
    remedy = (
        "Close other programs on the GPU, import the model with --precision int4 or a smaller --capacity, or use "
        "device 'cpu'."
    )


class EngineError(GlmError):
    """The engine process cannot be reached or refused a request."""

    code = "GLM-400"
    remedy = "Run `glm-lsp doctor`; the engine's log is named there."


class EngineStartError(EngineError):
    """The engine process did not come up."""

    code = "GLM-401"


class AddressError(EngineError):
    """The engine's address cannot be used: socket path too long, port taken, not loopback."""

    code = "GLM-402"
    remedy = "Choose another address with --listen unix:PATH or --listen 127.0.0.1:PORT."


class EngineLostError(EngineError):
    """The engine went away in the middle of a request."""

    code = "GLM-403"
    remedy = "It is restarted by the next request; if this repeats, look into its log."


class EngineMismatchError(EngineError):
    """The process at the engine's address serves another model or version."""

    code = "GLM-404"
    remedy = "Stop the old engine, or let it leave once its last window closes."


class RequestError(EngineError):
    """A request to the engine is malformed."""

    code = "GLM-405"
    remedy = "Correct the request; the wire format is described in docs/engine.md."


class RequestTooLargeError(RequestError):
    """A request to the engine is larger than it accepts."""

    code = "GLM-406"
    remedy = "Send at most 4 MiB."


class EngineSilentError(EngineLostError):
    """The engine's process is there and says nothing: stopped, or the machine is overloaded."""

    code = "GLM-408"


class EngineAbsentError(EngineLostError):
    """Nobody listens at the engine's address, so nothing was sent."""

    code = "GLM-409"
    remedy = "Check that the engine's server runs and that its address is right."


class AccessError(EngineError):
    """The engine does not serve this caller: a wrong token, a web page, a foreign Host header."""

    code = "GLM-407"
    remedy = "Send the engine's token as `Authorization: Bearer ...`; web pages are never served."


class StorageError(GlmError):
    """A folder this program needs cannot be used."""

    code = "GLM-500"
    remedy = "Check the folder's permissions, or name another one with GLM_LSP_HOME."


class StorageFullError(StorageError):
    """The disk is full."""

    code = "GLM-501"
    remedy = "Free some space and run the command again; nothing was lost."


class TrainingError(GlmError):
    """The corpus or a training run cannot be used."""

    code = "GLM-600"
    remedy = "See docs/training.md."


class ReleaseGateError(TrainingError):
    """A quantised model lost too much to be released, or a released one is not what its card says."""

    code = "GLM-601"
    remedy = "Nothing was written. Release --precision int8 or fp32, or train further; see docs/release.md."


def error_from_dict(fields: Mapping[str, object]) -> GlmError:
    """Rebuilds what another process sent with `to_dict`; an unknown code is kept on an `EngineError`."""
    code, cause, remedy = (str(fields.get(key) or "") for key in ("code", "cause", "remedy"))
    kinds = [GlmError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    known = next((kind for kind in kinds if kind.code == code), None)
    error = (known or EngineError)(cause or "the other side gave no cause", remedy or None)
    if known is None and code:
        error.code = code
    return error
