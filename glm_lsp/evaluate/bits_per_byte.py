"""Bits per UTF-8 byte of held-out text: how well a model predicts code, whatever its tokenizer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glm_lsp.completion.prompt import LANGUAGE_NAMES, PromptParts, Role, profile_named
from glm_lsp.engine.session import Session
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import InputError

Progress = Callable[[int, int], None]
"""(bytes done, bytes in all)."""


@dataclass(frozen=True, slots=True)
class BitsPerByte:
    """Left-to-right prediction of `num_bytes` UTF-8 bytes in `num_tokens` tokens; `bits` in all."""

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


def held_out_files(corpus: Path, max_bytes: int) -> list[tuple[str, str, str]]:
    """(path, language, text) of every k-th file of a corpus split, about `max_bytes` in all.

    Raises:
        InputError: the file is missing or not a corpus split.
    """
    try:
        documents = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
        step = max(1, round(sum(len(d["text"]) for d in documents) / max_bytes))
        return [(d["path"], d["language"], d["text"]) for d in documents[::step]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{corpus} is not a corpus split: {error}") from error


def measure(
    session: Session,
    tokenizer: SourceTokenizer,
    profile: str,
    context_length: int,
    files: list[tuple[str, str, str]],
    *,
    progress: Progress = lambda done, total: None,
) -> BitsPerByte:
    """Scores every token of every file once, with between half a context and a whole one before it.

    A file's first window is laid out like a prompt with an empty suffix; its end token is not counted.
    """
    total = sum(len(text.encode()) for _, _, text in files)
    done = 0
    bits = 0.0
    num_tokens = 0
    kv = session.new_kv()
    for path, language, text in files:
        header = _header(tokenizer, profile, path, language)
        token_ids = tokenizer.encode(text)
        for window, scored in windows(token_ids, context_length - len(header)):
            ids = header + window
            # The row before a token predicts it.
            scores = session.run(kv, 0, ids[:-1], scored, want_logits=True)
            bits -= _log2_likelihood(scores.logits, ids[-scored:])
        num_tokens += len(token_ids)
        done += len(text.encode())
        progress(done, total)
    return BitsPerByte(bits, total, num_tokens)


def windows(token_ids: list[int], room: int) -> Iterator[tuple[list[int], int]]:
    """(ids, how many of the last are new): windows of at most `room` ids that overlap by half."""
    end = 0
    while end < len(token_ids):
        new_end = min(len(token_ids), end + (room if end == 0 else room // 2))
        yield token_ids[max(0, new_end - room) : new_end], new_end - end
        end = new_end


def _header(tokenizer: SourceTokenizer, profile: str, path: str, language: str) -> list[int]:
    name = LANGUAGE_NAMES.get(language, "")
    segments = profile_named(profile)(PromptParts(prefix="", path=path, language=name))
    first = next(i for i, segment in enumerate(segments) if segment.role is Role.PREFIX)
    return [token_id for segment in segments[:first] for token_id in tokenizer.encode_segment(segment)]


def _log2_likelihood(logits: np.ndarray | None, wanted: list[int]) -> float:
    if logits is None:
        raise ValueError("the session returned no logits")
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    picked = rows[np.arange(len(wanted)), wanted]
    return float((picked - np.log(np.exp(rows).sum(axis=1))).sum() / math.log(2))
