"""Where this machine's engine for given settings listens; fronts, `glm-lsp engine` and the doctor must agree."""

from __future__ import annotations

from glm_lsp.config import Settings
from glm_lsp.engine.address import LocalAddress, default_address
from glm_lsp.models.store import ModelFolder


def local_address(settings: Settings, model: ModelFolder) -> LocalAddress:
    """Differs by version, model, the model's content and options: engines that differ in these are not shared."""
    return default_address(model.manifest.name, model.hash, settings.engine_arguments())
