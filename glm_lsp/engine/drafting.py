"""Drafting: guesses of what comes next, for the session to check several in one step (speculative decoding).

A guess costs a row of a step and changes nothing: a token counts only if it is what would have been chosen anyway. So
guesses are taken from where they are cheap: what followed the same bytes in the text around (prompt lookup decoding,
Saxena 2023), or in the last answers at this place, as a person who types on mostly gets what was shown before.

How far to guess follows from how often guesses of that kind came true lately and from what a row costs here. Where
guessing does not pay, both say so and it stops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glm_lsp.engine.draft_record import DraftRecord, kind_of
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.text_lookup import BORDER, LONGEST_MATCH, Match, TextLookup

_LOOK_AHEAD = 64
"""Bytes; about as many as `MAX_DRAFT` tokens of code have."""
_LINE_BREAK = re.compile(rb"[\r\n]")
Split = Callable[[bytes], Sequence[int]]
"""Text to token ids."""


@dataclass(slots=True)
class _Path:
    """A text that is being followed: the tokens that come next in it, and how long it has been right."""

    token_ids: list[int]
    length: int


class Drafter:
    """Guesses for one answer.

    Args:
        lookups: where to look; of two equally long matches the later one's counts.
        context: the bytes before the cursor, as many as a match can have.
        text_of: the bytes of a token.
        split: how the model would write a text.
        record: what became of guesses before.
        end_id: the token that ends an answer, where an answer ends with its line.
        num_pending: how many of the context's last bytes the answer has to write again.
    """

    def __init__(
        self,
        lookups: Sequence[TextLookup],
        context: bytes,
        *,
        text_of: Callable[[int], bytes],
        split: Split,
        record: DraftRecord,
        end_id: int | None = None,
        num_pending: int = 0,
    ) -> None:
        self._lookups = lookups
        self._context = context[-LONGEST_MATCH:]
        self._text_of = text_of
        self._split = split
        self._record = record
        self._end_id = end_id
        self._num_pending = num_pending
        self._path: _Path | None = None
        self._kind = 0
        self._num_open = 0
        self._num_accepted = 0

    def draft(self, limit: int) -> list[int]:
        """Up to `limit` tokens that may come next; often none."""
        self.close(missed=False)
        if self._path is None or not self._path.token_ids:
            self._path = self._find()
        if self._path is None or limit < 1:
            return []
        self._kind = kind_of(self._path.length)
        # The second row of a step is there in any case, so one guess is free.
        drafted = self._path.token_ids[: min(limit, max(1, self._record.worth(self._kind)))]
        self._num_open = len(drafted)
        return drafted

    def after(self, token_id: int) -> None:
        """Takes note of the token that came, guessed or not."""
        text = self._text_of(token_id)
        self._context = (self._context + text[self._num_pending :])[-LONGEST_MATCH:]
        self._num_pending = max(0, self._num_pending - len(text))
        path = self._path
        if path is None or not path.token_ids:
            return
        if path.token_ids[0] != token_id:
            self._path = None
            self.close(missed=True)
            return
        del path.token_ids[0]
        path.length = min(LONGEST_MATCH, path.length + len(text))
        if self._num_open:
            self._num_open -= 1
            self._num_accepted += 1

    def close(self, *, missed: bool = False) -> None:
        """Records what is known of the last guess; the rest of it was never looked at."""
        if self._num_open or self._num_accepted:
            self._record.observe(self._kind, self._num_accepted, missed=missed and self._num_open > 0)
        self._num_open = self._num_accepted = 0

    def _find(self) -> _Path | None:
        best: tuple[TextLookup, Match] | None = None
        for lookup in self._lookups:
            match = lookup.find(self._context)
            if match and (best is None or match.length >= best[1].length):
                best = lookup, match
        if best is None or best[1].length < self._num_pending:
            return None
        lookup, match = best
        start = match.ends[-1] - self._num_pending
        ahead = lookup.data[start : start + _LOOK_AHEAD]
        text = ahead.partition(BORDER)[0]
        is_cut = len(text) == _LOOK_AHEAD
        if self._end_id is not None:
            line = _LINE_BREAK.split(text, maxsplit=1)[0]
            ends_here, text = len(line) < len(text), line
            is_cut = is_cut and not ends_here
        token_ids = list(self._split(text))
        if is_cut and token_ids:
            token_ids.pop()  # it might have gone on
        if self._end_id is not None and not is_cut:
            token_ids.append(self._end_id)
        return _Path(token_ids, match.length) if token_ids else None


class Speculator:
    """Starts guessing for one model's requests.

    Args:
        vocabulary: the bytes of all tokens.
        split: how the model would write a text.
        end_ids: tokens that end an answer; at least one.
        record: what became of guesses.
    """

    def __init__(
        self, vocabulary: VocabularyIndex, split: Split, end_ids: frozenset[int], record: DraftRecord
    ) -> None:
        self.record = record
        self._vocabulary = vocabulary
        self._split = split
        self._end_ids = end_ids
        self._usual_end = min(end_ids)

    def start(self, slot: KVSlot, lookup: TextLookup, *, within_line: bool, num_pending: int) -> Drafter:
        """Guesses for the next answer.

        Args:
            slot: the answers it has given before are looked at first.
            lookup: the text around; its last text ends at the cursor.
            within_line: whether the answer ends with the line.
            num_pending: bytes before the cursor that the answer has to write again.
        """
        return Drafter(
            [lookup, TextLookup([*slot.answers, b""])],
            lookup.tail(),
            text_of=self._vocabulary.text_of,
            split=self._split,
            record=self.record,
            end_id=self._usual_end if within_line else None,
            num_pending=num_pending,
        )

    def remember(self, slot: KVSlot, before: bytes, token_ids: Sequence[int]) -> None:
        """Keeps an answer for the guesses of the next requests.

        Args:
            before: the bytes before the answer.
            token_ids: the answer.
        """
        if not token_ids:
            return
        end = b""
        if token_ids[-1] in self._end_ids:
            self._usual_end = token_ids[-1]
            end = b"\n"
        text = before + b"".join(map(self._vocabulary.text_of, token_ids)) + end
        if text not in slot.answers:
            slot.answers.append(text)
