"""What an engine says about itself: the `glm` object of its entry in `GET /v1/models`."""

from __future__ import annotations

from msgspec import Struct

from glm_lsp.models.manifest import ConfidenceWeights

__all__ = ["ConfidenceWeights", "EngineDescription", "ModelEntry", "ModelList"]


class EngineDescription(Struct, frozen=True, kw_only=True):
    """One running engine. A foreign server tells `model` and perhaps `context_length`; the rest stays empty."""

    model: str
    model_hash: str = ""
    """Hash of the model's manifest: tells two models of one name apart."""
    version: str = ""
    """Version of glm-lsp that serves it."""
    profile: str = ""
    """Name of the prompt profile."""
    precision: str = ""
    context_length: int = 0
    """Most tokens of prompt and completion together."""
    copies: bool = False
    """Whether it looks things up in a request's `text_before` and `text_after`."""
    confidence: ConfidenceWeights | None = None
    """How its probabilities become those of being right."""
    chat: bool = False
    """Whether it answers dialogues."""
    num_slots: int = 0
    """Files whose KV cache is kept."""
    device: str = ""
    """cpu or cuda."""
    note: str = ""
    """What people should know of where it runs, behind a code of an error; empty if it is as they would expect."""
    threads: int = 0
    pid: int = 0
    started_at: float = 0.0
    """Unix time in seconds."""


class ModelEntry(Struct, frozen=True, kw_only=True):
    """One entry of OpenAI's model list; `max_model_len` is vLLM's name for the context length."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = ""
    max_model_len: int | None = None
    glm: EngineDescription | None = None

    def describe(self) -> EngineDescription:
        """Our own description, or what a foreign entry tells."""
        return self.glm or EngineDescription(model=self.id, context_length=self.max_model_len or 0)


class ModelList(Struct, frozen=True, kw_only=True):
    """Body of `GET /v1/models`."""

    data: list[ModelEntry]
    object: str = "list"
