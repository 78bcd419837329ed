"""Random tiny models that hold dialogues: one token for each byte, then the special tokens of a chat template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from glm_lsp.models.convert import convert
from glm_lsp.models.manifest import Manifest
from glm_lsp.models.store import ModelFolder
from tests.byte_level import byte_level
from tests.tiny_model import tiny_config, write_checkpoint

GLM_4_TOKENS = (
    "<|endoftext|>",
    "[gMASK]",
    "<sop>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
)


def chat_model(
    folder: Path,
    template: str = "glm-4",
    specials: Sequence[str] = GLM_4_TOKENS,
    *,
    seed: int = 0,
    capacity: int = 256,
) -> ModelFolder:
    """A converted model at `folder / "chat"`, with the profile `base`; an empty template makes one that cannot chat."""
    config = tiny_config(
        vocab_size=256 + len(specials),
        pad_token_id=256,
        eos_token_ids=(256,),
        max_position_embeddings=max(512, capacity),
    )
    checkpoint = write_checkpoint(folder / "checkpoint", config, seed=seed)
    tokenizer = byte_level({name: 256 + number for number, name in enumerate(specials)}, first_byte=0)
    tokenizer.save(str(checkpoint / "tokenizer.json"))
    path = folder / "chat"
    convert(checkpoint, path, name="chat", prompt_profile="base", precision="fp32", capacity=capacity)
    replace(Manifest.read(path), chat_template=template).write(path)
    return ModelFolder.load(path)
