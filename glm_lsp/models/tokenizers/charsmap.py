"""Checks a compiled normalisation map, which sentencepiece keeps in its model files.

The map is a double-array trie (darts-clone) followed by the texts its leaves point to. The library that walks it
trusts it; a damaged one would make it read out of bounds.
"""

from __future__ import annotations

import numpy as np

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.converted import DAMAGED

_BLOCK = 0xFF
"""A unit's children lie in one block of 256 units."""


def check_charsmap(data: bytes) -> None:
    """Proves that no text can lead out of the map.

    Raises:
        TokenizerError: one could.
    """
    size = int.from_bytes(data[:4], "little")
    if len(data) < 8 or size % 4 or not 4 <= size <= len(data) - 5:
        raise _damaged("its trie is cut off")
    units = np.frombuffer(data, "<u4", size // 4, 4).astype(np.int64)
    texts = data[4 + size :]
    if texts[-1]:
        raise _damaged("its texts do not end")
    try:
        texts.decode()
    except UnicodeDecodeError as error:
        raise _damaged("its texts are not UTF-8") from error
    inner = units < 2**31
    numbers = np.arange(len(units), dtype=np.int64)
    children = numbers ^ ((units >> 10) << ((units & (1 << 9)) >> 6))
    if bool((inner & ((children | _BLOCK) >= len(units))).any()):
        raise _damaged("its trie leads out of itself")
    leaves = children[inner & ((units >> 8) & 1 == 1)]
    targets = units[leaves] & (2**31 - 1)
    if bool((targets >= len(texts)).any()):
        raise _damaged("a leaf lies behind its texts")
    starts = np.frombuffer(texts, np.uint8)[targets]
    if bool((starts & 0xC0 == 0x80).any()):
        raise _damaged("a leaf lies inside a character")


def _damaged(why: str) -> TokenizerError:
    return TokenizerError(f"the tokenizer's normalisation map is damaged: {why}", DAMAGED)
