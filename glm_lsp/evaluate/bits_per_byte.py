"""Bits per UTF-8 byte: how well a model predicts held-out text."""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import LANGUAGE_NAMES, PromptParts, Role, profile_named
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import KVCache, Session
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.errors import InputError
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.lines import LineTask
from glm_lsp.progress import Progress, silent

_CHUNK = 256
"""Rows of logits in memory at a time: with a large vocabulary a whole window would take a gigabyte."""


@dataclass(frozen=True, slots=True)
class BitsPerByte:
    """Prediction of `num_bytes` UTF-8 bytes in `num_tokens` tokens; `bits` in all."""

    bits: float
    num_bytes: int
    num_tokens: int

    @property
    def value(self) -> float:
        """Bits per byte."""
        return self.bits / self.num_bytes

    @property
    def perplexity(self) -> float:
        """Per token, so comparable only between models with one tokenizer."""
        return math.exp(self.bits * math.log(2) / self.num_tokens)

    def __add__(self, other: BitsPerByte) -> BitsPerByte:
        return BitsPerByte(
            self.bits + other.bits, self.num_bytes + other.num_bytes, self.num_tokens + other.num_tokens
        )


@dataclass(frozen=True, slots=True)
class MiddleBits:
    """The same middles predicted twice, and how many were left out because they are too long for the context.

    Attributes:
        infilling: after suffix and prefix, as in an infilling prompt.
        left_to_right: after the prefix alone, as in plain text.
    """

    infilling: BitsPerByte
    left_to_right: BitsPerByte
    num_middles: int
    num_too_long: int


def measure(
    session: Session,
    tokenizer: SourceTokenizer,
    profile: str,
    context_length: int,
    files: Sequence[tuple[str, str, str]],
    *,
    progress: Progress = silent,
) -> BitsPerByte:
    """Scores every token of every file once, with between half a context and a whole one before it.

    A file's first window is laid out like a prompt with an empty suffix; its end token is not counted.
    `progress` counts bytes.

    Raises:
        InputError: the context is too short for any text.
    """
    budget = PromptEncoder(tokenizer, profile, context_length).budget
    total = sum(len(text.encode()) for _, _, text in files)
    done = 0
    bits = 0.0
    num_tokens = 0
    kv = session.new_kv()
    for path, language, text in files:
        header = _header(tokenizer, profile, budget, path, language)
        token_ids = tokenizer.encode(text)
        for window, scored in windows(token_ids, context_length - len(header)):
            bits += _bits(session, kv, header + window, scored)
        num_tokens += len(token_ids)
        done += len(text.encode())
        progress(done, total)
    return BitsPerByte(bits, total, num_tokens)


def measure_middles(
    session: Session,
    tokenizer: SourceTokenizer,
    profile: str,
    context_length: int,
    tasks: Sequence[LineTask],
    *,
    progress: Progress = silent,
) -> MiddleBits | None:
    """Scores the rest of each task's line, with and without the text behind it; None without middles that fit.

    Its line break and the end token are not counted.
    """
    encoder = PromptEncoder(tokenizer, profile, context_length)
    room = context_length - encoder.budget
    kv = session.new_kv()
    infilling = left_to_right = BitsPerByte(0.0, 0, 0)
    num_middles = 0
    for number, task in enumerate(tasks, start=1):
        middle = tokenizer.encode(task.wanted)
        if len(middle) <= room:
            num_middles += 1
            num_bytes = len(task.wanted.encode())
            prompt = encoder.encode(
                CompletionRequest(
                    prompt=task.prefix,
                    suffix=task.suffix,
                    glm=GlmOptions(path=task.path, language=task.language, mode=Mode.LINE),
                )
            )
            header = _header(tokenizer, profile, encoder.budget, task.path, task.language_id)
            before = tokenizer.encode(task.prefix[-64 * context_length :])
            plain = header + before[-(context_length - len(header) - len(middle)) :]
            infilling += BitsPerByte(_bits(session, kv, prompt + middle, len(middle)), num_bytes, len(middle))
            left_to_right += BitsPerByte(
                _bits(session, kv, plain + middle, len(middle)), num_bytes, len(middle)
            )
        progress(number, len(tasks))
    if not num_middles:
        return None
    return MiddleBits(infilling, left_to_right, num_middles, len(tasks) - num_middles)


def xz_bits(files: Sequence[HeldOutFile]) -> float:
    """Bits per byte of the packer xz on all files together: a floor without a model."""
    text = "".join(file.text for file in files).encode()
    return 8 * len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) / len(text)


def windows(token_ids: list[int], room: int) -> Iterator[tuple[list[int], int]]:
    """(ids, how many of the last are new): windows of at most `room` ids that overlap by half.

    Raises:
        InputError: there is no room for two ids.
    """
    if room < 2:
        raise InputError(
            "the model's context has no room for text behind the head of its prompts",
            "Name a model with a longer context with --model.",
        )
    end = 0
    while end < len(token_ids):
        new_end = min(len(token_ids), end + (room if end == 0 else room // 2))
        yield token_ids[max(0, new_end - room) : new_end], new_end - end
        end = new_end


def _bits(session: Session, kv: KVCache, token_ids: list[int], num_scored: int) -> float:
    """What the last `num_scored` tokens cost after the ones before them."""
    rows = token_ids[:-1]  # the row before a token predicts it
    first = max(len(rows) - num_scored, 0)
    scored = token_ids[first + 1 :]
    past, together = first - first % _CHUNK, session.inseparable(rows)
    if past < together:
        past = 0
    if past:
        session.run(kv, 0, rows[:past], 0)
    bits = 0.0
    while past < len(rows):
        chunk = rows[past : max(past + _CHUNK, together)]
        num_wanted = max(0, past + len(chunk) - max(first, past))
        scores = session.run(kv, past, chunk, num_wanted, want_logits=True)
        bits -= _log2_likelihood(scores.logits, scored[:num_wanted])
        scored = scored[num_wanted:]
        past += len(chunk)
    return bits


def _header(tokenizer: SourceTokenizer, profile: str, budget: int, path: str, language: str) -> list[int]:
    """What stands before the text; without path and language where a prompt would leave them out, too.

    A text that the profile puts before the prefix as one with it is encoded apart here.
    """
    name = LANGUAGE_NAMES.get(language, "")
    for parts in (PromptParts(prefix="", path=path, language=name), PromptParts(prefix="")):
        segments = profile_named(profile)(parts)
        encoded = [tokenizer.encode_segment(segment) for segment in segments]
        if sum(map(len, encoded)) <= budget // 2:
            break
    first = next(i for i, segment in enumerate(segments) if segment.role is Role.PREFIX)
    return [token_id for ids in encoded[: first + 1] for token_id in ids]


def _log2_likelihood(logits: np.ndarray | None, wanted: list[int]) -> float:
    if logits is None:
        raise ValueError("the session returned no logits")
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    picked = rows[np.arange(len(wanted)), wanted]
    return float((picked - np.log(np.exp(rows).sum(axis=1))).sum() / math.log(2))
