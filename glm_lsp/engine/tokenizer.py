"""The edge between text and token ids: everything behind it knows ids only."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from glm_lsp.completion.prompt import Segment
from glm_lsp.engine.spelling import has_pieces_for_runs, is_byte_token, spelling_of
from glm_lsp.errors import TokenizerError


class SourceTokenizer:
    """A model's tokenizer, for source code: text never turns into special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Special tokens in user text must stay text; they enter prompts by id.
        self._tokenizer.encode_special_tokens = True
        added = self._tokenizer.get_added_tokens_decoder()
        self._added = {token.content: token_id for token_id, token in added.items()}
        self._added_ids = frozenset(added)
        self._special_ids = frozenset(token_id for token_id, token in added.items() if token.special)
        self._spell = spelling_of(tokenizer)
        self._has_runs = has_pieces_for_runs(tokenizer)

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

    @cached_property
    def vocab_size(self) -> int:
        """The highest id, plus one; ids below it need not all exist."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def find_special(self, name: str) -> int | None:
        """The id of a special token; None where there is none, also if an ordinary token is spelt like it.

        Where a bare word such as "sop" is a piece of text too, the special token is written "<|sop|>".
        """
        token_id = self._added.get(name)
        return token_id if token_id is not None else self._added.get(f"<|{name}|>")

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
        if self._has_runs:
            return encoding.ids, _true_starts(encoding.offsets)
        return encoding.ids, [start for start, _ in encoding.offsets]

    def encode_segment(self, segment: Segment) -> list[int]:
        """One prompt segment to ids.

        Raises:
            TokenizerError: it is a special token that this tokenizer lacks.
        """
        return segment.token_ids(self.find_special, self.encode)

    def decode(self, token_ids: list[int]) -> str:
        """The ids of a whole text to that text; special tokens vanish, incomplete UTF-8 becomes U+FFFD.

        The blank that sentencepiece puts in front of every text vanishes, too; `StreamDecoder` goes on behind a text.
        """
        text: str = self._tokenizer.decode(token_ids, skip_special_tokens=True)
        return text

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids of all special tokens: a completion ends where the model writes one."""
        return self._special_ids

    def token_bytes(self, token_id: int) -> bytes:
        """What a token adds to the text before it; empty for special tokens and for ids that do not exist."""
        token: str | None = self._tokenizer.id_to_token(token_id)
        if token is None or token_id in self._special_ids:
            return b""
        spelled = None if token_id in self._added_ids else self._spell(token)
        return token.encode() if spelled is None else spelled

    def token_text(self, token_id: int, *, skip_bytes: int = 0) -> str:
        """One token for people to read, special tokens by name; without its first `skip_bytes` bytes."""
        text = self.token_bytes(token_id)[skip_bytes:].decode(errors="replace")
        if text or skip_bytes:
            return text
        name: str | None = self._tokenizer.id_to_token(token_id)
        return name or ""

    def byte_vocabulary(self) -> list[bytes | None]:
        """The bytes of every id; None for special tokens and for ids that do not exist.

        None also for a byte token where a piece says the same: the tokenizer, and so the model, writes the piece.

        Raises:
            TokenizerError: some bytes could not be written by any token.
        """
        texts: list[bytes | None] = [None] * self.vocab_size
        byte_ids = []
        for token, token_id in self._tokenizer.get_vocab(with_added_tokens=True).items():
            if token_id not in self._added_ids:
                texts[token_id] = self._spell(token)
                if len(texts[token_id] or b"") == 1 and is_byte_token(token):
                    byte_ids.append(token_id)
        if not {bytes([byte]) for byte in range(256)} <= set(texts):
            raise TokenizerError(
                "token healing and copying need a tokenizer with a token for every byte",
                "Import the model without either.",
            )
        single = {token_id: texts[token_id] for token_id in byte_ids}
        for token_id in byte_ids:
            texts[token_id] = None
        written = set(texts)
        for token_id, byte in single.items():
            texts[token_id] = None if byte in written else byte
        return texts


def _true_starts(offsets: Sequence[tuple[int, int]]) -> list[int]:
    """Where tokens start, if a run of characters may have become one piece.

    Such a piece is said to start at the last of them; it starts where the token before it ends, or, if both are said
    to start at one place (the blank in front of a text, the bytes of a character), where that one starts.
    """
    starts: list[int] = []
    said, end = -1, 0
    for start, next_end in offsets:
        starts.append(starts[-1] if start == said else min(start, end))
        said, end = start, next_end
    return starts


class StreamDecoder:
    """Turns ids into text as they come, holding back bytes that do not yet make a character.

    The first `skip` characters are left out: under token healing they stand before the cursor.
    """

    def __init__(self, tokenizer: SourceTokenizer, skip: int = 0) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._skip = skip

    def push(self, token_id: int) -> str:
        """The text that is certain after this token; may be empty."""
        text = self._decoder.decode(self._tokenizer.token_bytes(token_id))
        new = text[self._skip :]
        self._skip = max(0, self._skip - len(text))
        return new

    def flush(self) -> str:
        """What was held back, as far as it is text: a character that was not finished is none."""
        self._decoder.reset()
        return ""
