"""The special tokens each family adds to the pieces of its tokenizer file, and where.

The hub's tokenizer classes number them from the number of pieces on; so do these tables, as offsets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.converted import DAMAGED
from glm_lsp.models.tokenizers.tokenizer_file import is_id, read_json

CHATGLM2 = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop")
CHATGLM3 = (*CHATGLM2, "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
GLM4 = (
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>",
    "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
)  # fmt: skip
CHATGLM_6B = ("[MASK]", "[gMASK]", "[sMASK]", "<unused_0>", "<sop>", "<eop>", "<ENC>", "<dBLOCK>")
GLM_CHINESE = (
    "<|endoftext|>", "[SEP]", "[CLS]", "[MASK]", "[UNK]", "", "<|startofpiece|>",
    "<|endofpiece|>", "[sMASK]", "[gMASK]",
)  # fmt: skip
"""The sixth id is not used."""
GLM_ENGLISH = (
    "<|startofpiece|>", "<|endofpiece|>", "[CLS]", "[MASK]", "[SEP]", "[UNK]", "[gMASK]", "[sMASK]",
)  # fmt: skip


def numbered(names: Collection[str], first_id: int, taken: Collection[str]) -> dict[str, int]:
    """Ids of special tokens that follow the pieces.

    A name that is a piece too, as "sop" may be, is written "<|sop|>": a vocabulary cannot hold it twice, and the piece
    must keep its own. `SourceTokenizer.find_special` finds it under either name.

    Raises:
        TokenizerError: another name is a piece already.
    """
    ids = {}
    for token_id, name in enumerate(names, start=first_id):
        free = f"<|{name}|>" if name in taken and name.isalnum() else name
        if free in taken:
            raise TokenizerError(
                f"the special token {name} is a piece of the tokenizer file already", DAMAGED
            )
        if name:
            ids[free] = token_id
    return ids


def listed(folder: Path, first_id: int, taken: Collection[str]) -> dict[str, int] | None:
    """The special tokens that a folder's own lists name: added_tokens.json, or the decoder in tokenizer_config.json.

    None where there is no such list, or it names none from `first_id` on.

    Raises:
        TokenizerError: a list is damaged, names an id or a token twice, or a token that is a piece in `taken` already.
    """
    path = folder / "added_tokens.json"
    if path.is_file():
        return _checked(path.name, list(read_json(path).items()), first_id, taken)
    path = folder / "tokenizer_config.json"
    if path.is_file():
        decoder = read_json(path).get("added_tokens_decoder") or {}
        if not isinstance(decoder, Mapping):
            raise TokenizerError(f"{path.name} has an added_tokens_decoder that is no object", DAMAGED)
        pairs = [(_content(entry), _number(key)) for key, entry in decoder.items()]
        return _checked(path.name, pairs, first_id, taken)
    return None


def _content(entry: Any) -> object:
    return entry.get("content") if isinstance(entry, Mapping) else entry


def _number(key: str) -> object:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 9 else None


def _checked(
    origin: str, pairs: list[tuple[object, object]], first_id: int, taken: Collection[str]
) -> dict[str, int] | None:
    ids: dict[str, int] = {}
    seen: set[int] = set()
    for name, token_id in pairs:
        if not isinstance(name, str) or not name or not isinstance(token_id, int) or not is_id(token_id):
            raise TokenizerError(f"{origin} lists {name!r} with id {token_id!r}", DAMAGED)
        if token_id >= first_id:
            if name in ids or token_id in seen or name in taken:
                raise TokenizerError(f"{origin} lists {name!r} or its id {token_id} twice", DAMAGED)
            ids[name] = token_id
            seen.add(token_id)
    return ids or None
