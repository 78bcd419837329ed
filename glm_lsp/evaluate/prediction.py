"""Bits per byte of one model: in all, by language, of ends of lines."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

from glm_lsp.completion.prompt import profile_named
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.sessions import open_session
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.evaluate import bits_per_byte
from glm_lsp.evaluate.bits_per_byte import BitsPerByte, MiddleBits
from glm_lsp.evaluate.held_out import HeldOut
from glm_lsp.evaluate.lines import LineTask
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class TextScores:
    """One body of text; `token_perplexity` compares only models with one tokenizer."""

    bits_per_byte: float
    token_perplexity: float
    xz_bits_per_byte: float
    num_bytes: int


@dataclass(frozen=True, slots=True)
class MiddleScores:
    """The same ends of lines, with the lines below in sight and without."""

    bits_per_byte: float
    left_to_right_bits_per_byte: float
    num_bytes: int
    num_middles: int
    num_too_long: int


class Predictor:
    """A model whose logits can be read.

    Raises:
        ModelError, RuntimeLibraryError: it cannot be loaded.
    """

    def __init__(self, folder: ModelFolder) -> None:
        self._folder = folder
        self._session = open_session(folder)
        self._tokenizer = SourceTokenizer.open(folder.tokenizer_path)
        self._context_length = min(folder.manifest.context_length, self._session.capacity)

    def describe(self) -> EngineDescription:
        """The model, in an engine's terms."""
        manifest = self._folder.manifest
        return EngineDescription(
            model=manifest.name, model_hash=self._folder.hash, precision=manifest.precision
        )

    def text(self, data: HeldOut, progress: Progress = silent) -> tuple[TextScores, dict[str, TextScores]]:
        """Left to right: everything together, and each language."""
        total, done = data.num_bytes, 0
        parts: dict[str, tuple[BitsPerByte, float]] = {}
        for language in sorted({file.language for file in data.files}):
            files = data.only(language).files
            bits = bits_per_byte.measure(
                self._session,
                self._tokenizer,
                self._folder.manifest.prompt_profile,
                self._context_length,
                files,
                progress=_after(done, total, progress),
            )
            parts[language] = (bits, bits_per_byte.xz_bits(files))
            done += bits.num_bytes
        whole = functools.reduce(operator.add, (bits for bits, _ in parts.values()))
        by_language = {language: _text_scores(*part) for language, part in parts.items()}
        return _text_scores(whole, bits_per_byte.xz_bits(data.files)), by_language

    def middles(self, tasks: list[LineTask], progress: Progress = silent) -> MiddleScores | None:
        """Ends of lines; None if the model has no infilling format."""
        profile = self._folder.manifest.prompt_profile
        if not profile_named(profile).infills:
            return None
        found = bits_per_byte.measure_middles(
            self._session, self._tokenizer, profile, self._context_length, tasks, progress=progress
        )
        return _middle_scores(found) if found else None


def _after(done: int, total: int, progress: Progress) -> Progress:
    """A part's progress as progress of the whole."""
    return lambda part, _: progress(done + part, total)


def _text_scores(bits: BitsPerByte, xz: float) -> TextScores:
    return TextScores(bits.value, bits.perplexity, xz, bits.num_bytes)


def _middle_scores(found: MiddleBits) -> MiddleScores:
    return MiddleScores(
        bits_per_byte=found.infilling.value,
        left_to_right_bits_per_byte=found.left_to_right.value,
        num_bytes=found.infilling.num_bytes,
        num_middles=found.num_middles,
        num_too_long=found.num_too_long,
    )
