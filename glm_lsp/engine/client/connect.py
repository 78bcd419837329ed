"""The engine that the settings name: one at an address, or one on this machine, started when needed."""

from __future__ import annotations

import os

from glm_lsp.config import Settings
from glm_lsp.engine.client.client import EngineClient, HttpEngineClient
from glm_lsp.engine.client.launcher import LocalEngine, OnState
from glm_lsp.engine.local_address import local_address
from glm_lsp.models.store import ModelStore


def connect(settings: Settings, on_state: OnState) -> EngineClient:
    """A client of that engine; nothing is started or asked yet.

    Raises:
        GlmError: the address, the model or a folder of ours cannot be used.
    """
    if settings.engine_url:
        return HttpEngineClient(settings.engine_url, os.environ.get("GLM_LSP_ENGINE_TOKEN"))
    model = ModelStore().resolve(settings.model)
    return LocalEngine(
        settings.model,
        name=model.manifest.name,
        model_hash=model.hash,
        options=settings.engine_arguments(),
        linger_s=settings.linger_s,
        address=local_address(settings, model),
        on_state=on_state,
    )
