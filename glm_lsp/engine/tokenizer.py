"""The edge between text and token ids: everything behind it knows ids only."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from glm_lsp.completion.prompt import Segment
from glm_lsp.errors import TokenizerError

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MAX_PENDING = 4
"""A UTF-8 character has at most four bytes; after that many tokens a replacement character is really meant."""

# Byte-level vocabularies write a byte as a printable character: itself where it is one, else one from U+0100 on.
_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_BYTE_OF = {chr(byte): byte for byte in _PRINTABLE} | {
    chr(0x100 + number): byte
    for number, byte in enumerate(byte for byte in range(0x100) if byte not in _PRINTABLE)
}


def _bytes_of(token: str) -> bytes | None:
    """The bytes a byte-level token stands for; None for what is no such token."""
    try:
        return bytes(map(_BYTE_OF.__getitem__, token))
    except KeyError:
        return None


class SourceTokenizer:
    """A model's tokenizer, for source code: text never turns into special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Special tokens in user text must stay text; they enter prompts by id.
        self._tokenizer.encode_special_tokens = True
        self._added_ids = frozenset(self._tokenizer.get_added_tokens_decoder())

    @classmethod
    def open(cls, path: Path) -> SourceTokenizer:
        """Reads a `tokenizer.json`.

        Raises:
            TokenizerError: missing or unreadable.
        """
        try:
            return cls(Tokenizer.from_file(str(path)))
        except Exception as error:  # the library raises bare Exception
            raise TokenizerError(f"the tokenizer {path.name} cannot be read: {error}") from error

    @property
    def vocab_size(self) -> int:
        """Entries, added tokens included."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def find_special(self, name: str) -> int | None:
        """The id of a special token; None where there is none, also if an ordinary token is spelt like it."""
        token_id = self._tokenizer.token_to_id(name)
        return int(token_id) if token_id in self._added_ids else None

    def special_id(self, name: str) -> int:
        """The id of a special token.

        Raises:
            TokenizerError: this tokenizer has no such token, so the prompt profile does not fit it.
        """
        token_id = self.find_special(name)
        if token_id is None:
            raise TokenizerError(f"the tokenizer has no token {name}, which the prompt profile needs")
        return token_id

    def encode(self, text: str) -> list[int]:
        """Ordinary text to ids."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def encode_with_starts(self, text: str) -> tuple[list[int], list[int]]:
        """Ordinary text to ids, and for each id the offset in `text` (code points) where it starts."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, [start for start, _ in encoding.offsets]

    def encode_segment(self, segment: Segment) -> list[int]:
        """One prompt segment to ids.

        Raises:
            TokenizerError: it is a special token that this tokenizer lacks.
        """
        return segment.token_ids(self.find_special, self.encode)

    def decode(self, token_ids: list[int]) -> str:
        """Ids to text; special tokens vanish, incomplete UTF-8 becomes U+FFFD."""
        text: str = self._tokenizer.decode(token_ids, skip_special_tokens=True)
        return text

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids of all special tokens: a completion ends where the model writes one."""
        added = self._tokenizer.get_added_tokens_decoder()
        return frozenset(token_id for token_id, token in added.items() if token.special)

    def token_text(self, token_id: int, *, skip_bytes: int = 0) -> str:
        """One token for people to read, special tokens by name; without its first `skip_bytes` bytes."""
        if skip_bytes:
            return (self._token_bytes(token_id) or b"")[skip_bytes:].decode(errors="replace")
        text: str = self._tokenizer.decode([token_id], skip_special_tokens=False)
        return text

    def byte_vocabulary(self) -> list[bytes | None]:
        """The bytes of every id; None for special tokens and for ids that do not exist.

        Raises:
            TokenizerError: it is not byte-level, so that some bytes could not be written by any token.
        """
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
        texts: list[bytes | None] = [None] * (max(vocabulary.values(), default=-1) + 1)
        for token, token_id in vocabulary.items():
            texts[token_id] = None if token_id in self._added_ids else _bytes_of(token)
        if not {bytes([byte]) for byte in range(256)} <= set(texts):
            raise TokenizerError(
                "token healing and copying need a byte-level tokenizer", "Import the model without either."
            )
        return texts

    def _token_bytes(self, token_id: int) -> bytes | None:
        """The bytes of an ordinary token; None for added tokens and those that are not byte-level."""
        token: str | None = self._tokenizer.id_to_token(token_id)
        return None if token is None or token_id in self._added_ids else _bytes_of(token)


class StreamDecoder:
    """Turns ids into text as they come, holding back bytes that do not yet make a character.

    The first `skip` characters are left out: under token healing they stand before the cursor.
    """

    def __init__(self, tokenizer: SourceTokenizer, skip: int = 0) -> None:
        self._tokenizer = tokenizer
        self._pending: list[int] = []
        self._skip = skip

    def push(self, token_id: int) -> str:
        """The text that is certain after this token; may be empty."""
        self._pending.append(token_id)
        text = self._tokenizer.decode(self._pending)
        if text.endswith(REPLACEMENT) and len(self._pending) < _MAX_PENDING:
            return ""
        self._pending.clear()
        return self._new_part(text)

    def flush(self) -> str:
        """What was held back, as far as it is text."""
        text = self._tokenizer.decode(self._pending).rstrip(REPLACEMENT)
        self._pending.clear()
        return self._new_part(text)

    def _new_part(self, text: str) -> str:
        new = text[self._skip :]
        self._skip = max(0, self._skip - len(text))
        return new
