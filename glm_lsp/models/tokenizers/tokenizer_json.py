"""A `tokenizer.json` that comes with a model: checked, and its added tokens shut to user text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.byte_level import spell
from glm_lsp.models.tokenizers.converted import DAMAGED, ConvertedTokenizer, read_back
from glm_lsp.models.tokenizers.tokenizer_file import MAX_JSON_BYTES, is_id, read_json

END_OF_TEXT = "<|endoftext|>"


def from_tokenizer_json(path: Path) -> ConvertedTokenizer:
    """The tokenizer, as it is but for three things that would spoil source code.

    Nothing is cut off or padded, and every added token is marked special: some models list control tokens as ordinary
    ones, which are then found in user text.

    Raises:
        TokenizerError: it is damaged or no byte-level byte-pair encoding, as those of GLM models are.
    """
    content = read_json(path, MAX_JSON_BYTES)
    model, decoder = content.get("model"), content.get("decoder")
    if not isinstance(model, dict) or not isinstance(decoder, dict) or decoder.get("type") != "ByteLevel":
        raise _unsupported(path)
    vocabulary = model.get("vocab")
    if not isinstance(vocabulary, dict) or not all(map(is_id, vocabulary.values())):
        raise _unsupported(path)
    if len(set(vocabulary.values())) != len(vocabulary):
        raise TokenizerError(f"{path.name} has an id twice", DAMAGED)
    if not {spell(bytes([byte])) for byte in range(256)} <= vocabulary.keys():
        raise TokenizerError(f"{path.name} does not have every single byte", DAMAGED)
    if model.get("dropout"):
        raise TokenizerError(f"{path.name} encodes at random", "Set its dropout to null.")
    specials = _specials(path, content.get("added_tokens"))
    if END_OF_TEXT not in specials:
        raise TokenizerError(f"{path.name} has no token {END_OF_TEXT}, by which answers end", DAMAGED)
    content |= {"truncation": None, "padding": None}
    return read_back("byte-level", path.name, json.dumps(content, ensure_ascii=False), specials)


def _specials(path: Path, added: object) -> dict[str, int]:
    """Ids of the added tokens, all of which are marked special in place."""
    specials: dict[str, int] = {}
    for token in added if isinstance(added, list) else []:
        name, token_id = _named(token)
        if name is None or name in specials:
            raise TokenizerError(f"{path.name} has a damaged added token", DAMAGED)
        specials[name] = token_id
        token["special"] = True
    if len(set(specials.values())) != len(specials):
        raise TokenizerError(f"{path.name} has the id of an added token twice", DAMAGED)
    return specials


def _named(token: Any) -> tuple[str | None, int]:
    if isinstance(token, dict):
        name, token_id = token.get("content"), token.get("id")
        if isinstance(name, str) and name and isinstance(token_id, int) and is_id(token_id):
            return name, token_id
    return None, 0


def _unsupported(path: Path) -> TokenizerError:
    return TokenizerError(
        f"{path.name} is no byte-level tokenizer",
        "For ChatGLM and CodeGeeX2 the model's own tokenizer.model is needed.",
    )
