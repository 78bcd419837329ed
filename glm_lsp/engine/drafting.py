"""Drafting: guesses of what comes next, for the session to check several in one step (speculative decoding).

A guess costs a row of a step and changes nothing: a token counts only if it is what would have been chosen anyway. So
guesses are taken from where they are cheap: what followed the same bytes in the text around (prompt lookup decoding,
Saxena 2023), or in the last answers at this place, as a person who types on mostly gets what was shown before.

How far to guess follows from how often guesses of that kind came true lately and from what a row costs here. Where
guessing does not pay, it falls to the one guess that fits into the second row of a step, which is there in any case.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence

from glm_lsp.engine.draft_record import DraftRecord, Source
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.text_lookup import BORDER, LONGEST_MATCH, TextLookup, Trail

_LOOK_AHEAD = 64
"""Bytes; about as many as `MAX_DRAFT` tokens of code have."""
_TORN = 12
"""So few bytes before the end of what is seen might be the beginning of a longer token."""
_LINE_BREAK = re.compile(rb"[\r\n]")


class _Path:
    """A text that is being followed.

    Args:
        source: what text it is.
        text: what comes next in it.
        length: for how many bytes it has been right.
        end_id: what comes behind the text, if that is known.
        is_cut: whether the text goes on unseen.
    """

    def __init__(
        self,
        vocabulary: VocabularyIndex,
        source: Source,
        text: bytes,
        length: int,
        end_id: int | None,
        *,
        is_cut: bool,
    ) -> None:
        self.source = source
        self.length = length
        self._vocabulary = vocabulary
        self._text = text
        self._end_id = end_id
        self._is_cut = is_cut
        self._token_ids: list[int] = []

    def next_ids(self, count: int) -> list[int]:
        """Up to `count` tokens; the longest that fit, as copying writes them."""
        while len(self._token_ids) < count:
            if self._is_cut and len(self._text) <= _TORN:
                break
            token_id = self._vocabulary.longest(self._text)
            if token_id is None:
                if not self._text and self._end_id is not None:
                    self._token_ids.append(self._end_id)
                    self._end_id = None
                break
            self._token_ids.append(token_id)
            self._text = self._text[len(self._vocabulary.text_of(token_id)) :]
        return self._token_ids[:count]

    def follows(self, token_id: int) -> bool:
        """Whether a token is what comes next; if so, goes on behind it."""
        if self.next_ids(1) != [token_id]:
            return False
        del self._token_ids[0]
        self.length = min(LONGEST_MATCH, self.length + len(self._vocabulary.text_of(token_id)))
        return True


class Drafter:
    """Guesses for one answer.

    Args:
        vocabulary: the bytes of all tokens.
        text: where the answer stands in the text around.
        answers: where it stands in answers given before.
        record: what became of guesses before.
        end_id: the token that ends an answer, where an answer ends with its line.
        moves_text: whether `text` is the drafter's to move on, as nobody else does.
    """

    def __init__(
        self,
        vocabulary: VocabularyIndex,
        text: Trail,
        answers: Trail,
        record: DraftRecord,
        end_id: int | None = None,
        *,
        moves_text: bool,
    ) -> None:
        self._vocabulary = vocabulary
        self._trails: dict[Source, Trail] = {"text": text, "answers": answers}
        self._own_trails = [answers, text] if moves_text else [answers]
        self._record = record
        self._end_id = end_id
        self._path: _Path | None = None
        self._drafted: tuple[Source, int] = ("text", 0)
        self._num_open = 0
        self._num_accepted = 0

    def draft(self, limit: int) -> list[int]:
        """Up to `limit` tokens that may come next; often none."""
        self.close()
        if self._path is None or not self._path.next_ids(1):
            self._path = self._find()
        if self._path is None or limit < 1:
            return []
        self._drafted = self._path.source, self._path.length
        drafted = self._path.next_ids(min(limit, self._record.worth(*self._drafted)))
        self._num_open = len(drafted)
        return drafted

    def after(self, token_id: int) -> None:
        """Takes note of the token that came, guessed or not."""
        text = self._vocabulary.text_of(token_id)
        for trail in self._own_trails:
            trail.after(text)
        if self._path is None:
            return
        if not self._path.follows(token_id):
            self._path = None
            self.close(missed=True)
        elif self._num_open:
            self._num_open -= 1
            self._num_accepted += 1

    def close(self, *, missed: bool = False) -> None:
        """Records what is known of the last guess; the rest of it was never looked at."""
        if self._num_open or self._num_accepted:
            missed = missed and self._num_open > 0
            self._record.observe(*self._drafted, self._num_accepted, missed=missed)
        self._num_open = self._num_accepted = 0

    def _find(self) -> _Path | None:
        lengths = {source: trail.match.length if trail.match else 0 for source, trail in self._trails.items()}
        source: Source = "answers" if lengths["answers"] >= lengths["text"] else "text"
        trail = self._trails[source]
        match = trail.match
        if match is None:
            return None
        start = match.ends[-1] - len(trail.pending)
        ahead = trail.lookup.data[start : start + _LOOK_AHEAD]
        text = ahead.partition(BORDER)[0]
        is_cut = len(text) == _LOOK_AHEAD
        if self._end_id is not None:
            line = _LINE_BREAK.split(text, maxsplit=1)[0]
            is_cut, text = is_cut and len(line) == len(text), line
        return _Path(self._vocabulary, source, text, match.length, self._end_id, is_cut=is_cut)


class Speculator:
    """Starts guessing for one model's requests.

    Args:
        vocabulary: the bytes of all tokens.
        end_ids: tokens that end an answer; at least one.
        record: what became of guesses.
    """

    def __init__(self, vocabulary: VocabularyIndex, end_ids: frozenset[int], record: DraftRecord) -> None:
        self.record = record
        self.vocabulary = vocabulary
        self._end_ids = end_ids
        self._usual_end = min(end_ids)

    def start(
        self, answers: Iterable[bytes], trail: Trail, *, within_line: bool, moves_trail: bool
    ) -> Drafter:
        """Guesses for the next answer.

        Args:
            answers: given before at about this place, each with what stood before it.
            trail: in the text around.
            within_line: whether the answer ends with the line.
            moves_trail: whether `trail` is the drafter's to move on, as nobody else does.
        """
        before = Trail(TextLookup([*answers, b""]), trail.context, trail.pending)
        return Drafter(
            self.vocabulary,
            trail,
            before,
            self.record,
            self._usual_end if within_line else None,
            moves_text=moves_trail,
        )

    def remember(self, answers: deque[bytes], before: bytes, token_ids: Sequence[int]) -> None:
        """Keeps an answer for the guesses of the next requests.

        Args:
            answers: where it is kept.
            before: the bytes before the answer.
            token_ids: the answer.
        """
        if not token_ids:
            return
        end = b""
        if token_ids[-1] in self._end_ids:
            self._usual_end = token_ids[-1]
            end = b"\n"
        text = before + b"".join(map(self.vocabulary.text_of, token_ids)) + end
        if text not in answers:
            answers.append(text)
