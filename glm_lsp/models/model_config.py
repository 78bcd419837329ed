"""Any model's configuration, as the program keeps it in `config.json` of a model folder."""

from __future__ import annotations

from glm_lsp.models.config import GlmConfig

ModelConfig = GlmConfig
