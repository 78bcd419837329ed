"""Which layout a checkpoint folder has, told from its `config.json`; everything else is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.checkpoint_files.tensor_files import indexed_names, open_files
from glm_lsp.models.config import CLASS_NAMES, GlmConfig
from glm_lsp.models.config_file import read_values
from glm_lsp.models.config_values import class_names, shown
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.chatglm import chatglm_layout
from glm_lsp.models.layouts.chatglm_6b import chatglm_6b_layout
from glm_lsp.models.layouts.family import family_of
from glm_lsp.models.layouts.foreign import foreign, refuse_training_folder
from glm_lsp.models.layouts.names import names_of, read_text
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.layouts.original_glm import original_glm_layout
from glm_lsp.models.layouts.rope_ratio import RopeRule

__all__ = ["RopeRule", "detect_layout", "family_of"]

CODE_FILE = "modeling_chatglm.py"
_MAX_CODE_BYTES = 1 << 20

NO_TYPE = (
    "Take config.json from the repository that the model was made from; every published one has a model_type."
)

_Kind = Literal["native", "chatglm", "chatglm-6b", "glm-original"]

_ORIGINAL_CLASSES = {
    "GLMModel",
    "GLMForConditionalGeneration",
    "GLMForMultipleChoice",
    "GLMForSequenceClassification",
}


def detect_layout(folder: Path, *, rope_rule: RopeRule = "auto", has_weights: bool = True) -> Layout:
    """The layout of a checkpoint folder.

    Of weight files at most the headers are read, of the model's own code only the text: what `rope_ratio` means.

    Args:
        rope_rule: what a `rope_ratio` means; see `rope_ratio.py`.
        has_weights: whether the weight files are there yet. Without them and their index the config of an original GLM
            is right, its names of tensors may not be.

    Raises:
        ArchitectureError: it is not a model this program runs.
        CheckpointError: `config.json` is missing or damaged, or there are no weight files.
    """
    refuse_training_folder(folder)
    values = read_values(folder / "config.json")
    match _kind(values):
        case "native":
            return native_layout(GlmConfig.from_dict(values))
        case "chatglm":
            code = read_text(folder / CODE_FILE, _MAX_CODE_BYTES)
            return chatglm_layout(values, rope_rule=rope_rule, names=names_of(folder, values), code=code)
        case "chatglm-6b":
            return chatglm_6b_layout(values)
        case "glm-original":
            if has_weights:
                names = [name for file in open_files(folder) for name in file.entries]
            else:
                names = indexed_names(folder)
            prefix = "glm." if any(name.startswith("glm.") for name in names) else ""
            return original_glm_layout(values, prefix=prefix)


def _kind(values: Mapping[str, Any]) -> _Kind:
    model_type, classes = values.get("model_type"), class_names(values)
    if model_type is None:
        raise ArchitectureError("config.json does not say what its model_type is", NO_TYPE)
    if not isinstance(model_type, str):
        raise foreign(shown(model_type))
    if model_type == "glm" and (
        "block_position_encoding" in values or not _ORIGINAL_CLASSES.isdisjoint(classes)
    ):
        return "glm-original"
    if model_type in CLASS_NAMES:
        return "native"
    if model_type == "chatglm":
        first = "position_encoding_2d" in values or "inner_hidden_size" in values
        return "chatglm-6b" if first else "chatglm"
    raise foreign(model_type)
