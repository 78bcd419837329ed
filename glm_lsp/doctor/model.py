"""The chosen model: its files, its tokenizer, and a real completion with it."""

from __future__ import annotations

from collections.abc import Iterator

from glm_lsp import config
from glm_lsp.doctor.finding import Finding, fail, ok, warn
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.models import integrity
from glm_lsp.models.store import ModelFolder, ModelStore

LIVE_PROMPT = "def add(left, right):\n    return"
LIVE_TOKENS = 10


def installed() -> Iterator[Finding]:
    """Every model folder can be read."""
    entries = ModelStore().list()
    for entry in entries:
        if entry.error:
            yield warn(f"{entry.name}: {entry.error.code}: {entry.error.cause}", entry.error.remedy)
    usable = [entry.name for entry in entries if entry.model]
    if usable:
        yield ok(", ".join(usable))
    else:
        yield warn("there is no usable model", "Install glm-lsp again: it brings a model.")


def files() -> Iterator[Finding]:
    """Every byte of the chosen model is the one its manifest names."""
    folder = _chosen()
    integrity.require_intact(folder.path, folder.manifest)
    manifest = folder.manifest
    size = sum(file.bytes for file in manifest.files.values()) / 2**20
    yield ok(f"{manifest.name}, {manifest.precision}, {size:.1f} MiB, all hashes as in its manifest")


def tokenizer() -> Iterator[Finding]:
    """The tokenizer has the tokens the model's prompt profile is made of."""
    folder = _chosen()
    source = SourceTokenizer.open(folder.tokenizer_path)
    PromptEncoder(source, folder.manifest.prompt_profile, folder.manifest.context_length)
    yield ok(f"{source.vocab_size} entries, with the tokens of profile {folder.manifest.prompt_profile}")


def completion() -> Iterator[Finding]:
    """A real completion of ten tokens, as a cold engine gives it."""
    settings = config.load().settings
    request = CompletionRequest(prompt=LIVE_PROMPT, max_tokens=LIVE_TOKENS, glm=GlmOptions(raw=True))
    with Engine.load(_chosen(), device=settings.device, threads=settings.threads or None) as engine:
        last = list(engine.complete(request))[-1]
    if last.usage is None or last.glm is None:
        yield fail("the engine gave no account of its work", "Run `glm-lsp engine` and read its log.")
        return
    num_tokens, timing = last.usage.completion_tokens, last.glm.timing_ms
    yield ok(
        f"{num_tokens} tokens, {timing.decode / max(num_tokens, 1):.1f} ms each, "
        f"after {timing.prefill:.1f} ms for a prompt of {last.usage.prompt_tokens}"
    )


def kernels() -> Iterator[Finding]:
    """This processor, or GPU, computes the same for one token as for several at once; some have not."""
    folder = _chosen()
    made_for_cpu = folder.manifest.activations == "fp32"
    difference = open_session(
        folder, device="cpu" if made_for_cpu else config.load().settings.device
    ).self_check()
    yield ok(f"one token and eight at once differ by {difference:.1e} of the logits' range")


def _chosen() -> ModelFolder:
    return ModelStore().resolve(config.load().settings.model)
