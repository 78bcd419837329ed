"""Any model's configuration, as the program keeps it in `config.json` of a model folder."""

from __future__ import annotations

from pathlib import Path

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.config_file import read_values
from glm_lsp.models.prefix_config import PREFIX_ARCHITECTURES, PrefixLmConfig

ModelConfig = GlmConfig | PrefixLmConfig


def read_config(path: Path) -> ModelConfig:
    """Reads the `config.json` of a model folder.

    Raises:
        CheckpointError: the file is missing or not a JSON object.
        ArchitectureError: it describes a model this program cannot run.
    """
    values = read_values(path)
    if values.get("model_type") in PREFIX_ARCHITECTURES:
        return PrefixLmConfig.from_dict(values)
    return GlmConfig.from_dict(values)
