"""Bits per byte, on models whose answer is known beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from glm_lsp.engine.session import ReadsForward, Scores, UnpaddedRuns
from glm_lsp.errors import InputError
from glm_lsp.evaluate import bits_per_byte, lines
from glm_lsp.evaluate.cursors import CursorKind
from glm_lsp.evaluate.held_out import HeldOutFile
from tests.fakes.fake_core import byte_tokenizer
from tests.fakes.fake_session import FakeKV

VOCAB = 262
CONTEXT = 256
TEXT = "def area(radius):\n    return 3.14 * radius ** 2\n" * 30


class UniformSession(UnpaddedRuns, ReadsForward):
    """Every token is as likely as any other; notes the ids it was given and how many rows it scored."""

    vocab_size = VOCAB

    def __init__(self, capacity: int = CONTEXT) -> None:
        self.capacity = capacity
        self.scored = 0
        self.ids: list[int] = []
        self.longest = 0

    def new_kv(self) -> FakeKV:
        return FakeKV(self.capacity)

    def run(
        self, kv: object, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        assert past == (len(self.ids) if past else 0), "rows follow each other"
        self.ids = [*(self.ids if past else []), *token_ids]
        assert len(self.ids) < self.capacity
        self.scored += num_scored
        self.longest = max(self.longest, num_scored)
        nothing = np.zeros((num_scored, 8))
        logits = self.logits(num_scored) if want_logits else None
        return Scores(
            np.zeros(num_scored, np.int64), nothing.astype(np.int64), nothing.astype(np.float32), logits
        )

    def logits(self, num_scored: int) -> np.ndarray:
        return np.full((num_scored, VOCAB), 3.5, np.float32)


class KnowingSession(UniformSession):
    """Puts probability one half on the id that is the last one seen plus one, the rest anywhere."""

    def logits(self, num_scored: int) -> np.ndarray:
        logits = np.zeros((num_scored, VOCAB), np.float32)
        for row, token_id in enumerate(self.ids[len(self.ids) - num_scored :]):
            logits[row, (token_id + 1) % VOCAB] = math.log(VOCAB - 1)
        return logits


def test_a_uniform_model_needs_log2_of_the_vocabulary() -> None:
    session = UniformSession()
    files = [("a.py", "python", TEXT), ("b.py", "python", "x = 'é'\n")]
    result = bits_per_byte.measure(session, byte_tokenizer(), "codegeex4", CONTEXT, files)
    total = len(TEXT.encode()) + len("x = 'é'\n".encode())
    assert result.num_bytes == result.num_tokens == session.scored == total
    assert result.value == pytest.approx(math.log2(VOCAB))
    assert result.perplexity == pytest.approx(VOCAB)


@pytest.mark.parametrize("length", [1, 2, 100, 255, 256, 257, 700])
def test_every_token_is_scored_by_the_row_before_it(length: int) -> None:
    """A text in which each byte is the one before plus one costs a bit per byte, but for the first and the wraps."""
    text = "".join(chr(32 + i % 90) for i in range(length))
    tokenizer = byte_tokenizer()
    ids = tokenizer.encode(text)
    session = KnowingSession(1024)
    result = bits_per_byte.measure(session, tokenizer, "codegeex4", 1024, [("", "", text)])
    expected = sum(b == a + 1 for a, b in pairwise(ids))
    others = math.log2(2 * (VOCAB - 1))
    assert result.bits == pytest.approx(expected + (length - expected) * others, rel=1e-5)
    assert session.longest <= 256


def test_without_a_header_the_first_token_is_free() -> None:
    session = UniformSession()
    result = bits_per_byte.measure(session, byte_tokenizer(), "plain", CONTEXT, [("", "", "abcd")])
    assert result.bits == pytest.approx(3 * math.log2(VOCAB))


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 25, 100])
def test_windows_score_every_token_once_with_half_a_window_before_it(length: int) -> None:
    ids = list(range(length))
    scored: list[int] = []
    for number, (window, new) in enumerate(bits_per_byte.windows(ids, 10)):
        assert len(window) <= 10
        assert number == 0 or len(window) - new >= 5
        scored += window[-new:]
    assert scored == ids


@pytest.mark.timeout(30)
@pytest.mark.parametrize("room", [-5, 0, 1])
def test_without_room_for_text_there_are_no_windows(room: int) -> None:
    with pytest.raises(InputError, match="no room for text"):
        list(bits_per_byte.windows([1, 2, 3], room))


def test_an_enormous_path_is_left_out_as_in_a_prompt() -> None:
    path = "deep/" * 3000 + "a.py"
    session, plain = UniformSession(), UniformSession()
    tokenizer = byte_tokenizer()
    found = bits_per_byte.measure(session, tokenizer, "codegeex4", CONTEXT, [(path, "python", TEXT)])
    assert found == bits_per_byte.measure(plain, tokenizer, "codegeex4", CONTEXT, [("", "", TEXT)])
    assert session.ids == plain.ids
    ends = lines.LineTask(path, "Python", "x = ", "1", "y = 2\n", CursorKind.ANYWHERE, "python")
    middles = bits_per_byte.measure_middles(session, tokenizer, "codegeex4", CONTEXT, [ends])
    assert middles is not None
    assert middles.num_middles == 1
    assert "deep/" not in tokenizer.decode(session.ids)


def task(wanted: str, prefix: str = "x = ", suffix: str = "y = 2\n") -> lines.LineTask:
    return lines.LineTask("a.py", "Python", prefix, wanted, suffix, CursorKind.ANYWHERE, "python")


def test_ends_of_lines_are_predicted_with_and_without_the_suffix() -> None:
    session = UniformSession()
    found = bits_per_byte.measure_middles(
        session, byte_tokenizer(), "codegeex4", CONTEXT, [task("é + 1"), task("2")]
    )
    assert found is not None
    for bits in (found.infilling, found.left_to_right):
        assert (bits.num_bytes, bits.num_tokens) == (7, 7)
        assert bits.value == pytest.approx(math.log2(VOCAB))
    assert (found.num_middles, found.num_too_long) == (2, 0)


def test_suffix_comes_before_the_middle_in_one_of_the_two_prompts() -> None:
    tokenizer = byte_tokenizer()
    seen = []

    class Watching(UniformSession):
        def logits(self, num_scored: int) -> np.ndarray:
            seen.append(tokenizer.decode(self.ids))
            return super().logits(num_scored)

    bits_per_byte.measure_middles(Watching(), tokenizer, "codegeex4", CONTEXT, [task("1", suffix="below\n")])
    assert ["below" in text for text in seen] == [True, False]
    assert all("x = " in text for text in seen)


def test_a_middle_too_long_for_the_context_is_counted_and_left_out() -> None:
    long = task("z" * 40)
    found = bits_per_byte.measure_middles(
        UniformSession(), byte_tokenizer(), "codegeex4", CONTEXT, [long, task("1")]
    )
    assert found is not None
    assert (found.num_middles, found.num_too_long) == (1, 1)
    assert (
        bits_per_byte.measure_middles(UniformSession(), byte_tokenizer(), "codegeex4", CONTEXT, [long])
        is None
    )


def test_long_prefixes_fit_into_the_context() -> None:
    session = UniformSession()
    found = bits_per_byte.measure_middles(
        session, byte_tokenizer(), "codegeex4", CONTEXT, [task("abc", prefix=TEXT, suffix=TEXT)]
    )
    assert found is not None
    assert found.num_middles == 1


def test_xz_needs_little_for_repetition() -> None:
    assert bits_per_byte.xz_bits([HeldOutFile("a.py", "python", TEXT * 100)]) < 0.1
