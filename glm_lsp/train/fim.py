"""Training examples: a document and a random generator in, token ids and loss mask out. Pure.

Every example is laid out by the prompt profile the server uses, so that the model meets at run time exactly
what it was trained on. The mix of spans is given by `Mix`; docs/training.md says why.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tokenizers import Tokenizer

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import LANGUAGE_NAMES, PromptParts, Role, Segment, codegeex4
from glm_lsp.errors import TokenizerError
from glm_lsp.train.spans import PythonTree, Span, empty_span, line_span, lines_of, random_span

CHARS_PER_TOKEN = 3.4
SHORTEST_CONTEXT = 96
_SHORTEST_PREFIX_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Document:
    """One source file of the corpus; `path` is relative to its package."""

    package: str
    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of the spans among infilling examples, and how often parts of the prompt are left out."""

    infill: float = 0.8
    line: float = 0.44
    block: float = 0.24
    docstring: float = 0.12
    body: float = 0.03
    random: float = 0.14
    empty: float = 0.03
    drop_path: float = 0.2
    drop_language: float = 0.1
    drop_suffix: float = 0.15
    short: float = 0.4
    """Examples that get less than the whole context: people edit short files too."""
    middle_weight: float = 4.0
    """How much more a token of the middle counts; there are few, and they are what the model is for."""


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids and, for each, how much its prediction counts; 0 for what the model is not asked to predict."""

    token_ids: list[int]
    weights: list[float]


class ExampleMaker:
    """Cuts documents into examples of at most `context` tokens."""

    def __init__(self, tokenizer: Tokenizer, context: int, mix: Mix) -> None:
        self._tokenizer = tokenizer
        self._context = context
        self._mix = mix
        self._end = self._special("<|endoftext|>")

    def examples(self, document: Document, rng: random.Random) -> Iterator[Example]:
        """About as many examples as it takes to cover the document once, cut anew for each `rng`."""
        chunk = int(self._context * CHARS_PER_TOKEN)
        tree = PythonTree(document.text) if document.language == "python" else None
        for start in range(0, len(document.text), chunk):
            window = (start, min(len(document.text), start + chunk))
            if rng.random() < self._mix.infill:
                span = self._choose(document.text, tree, window, rng)
                if span is not None:
                    yield self._infill(document, span, rng)
                    continue
            yield self._left_to_right(document, start, rng)

    def _choose(
        self, text: str, tree: PythonTree | None, window: tuple[int, int], rng: random.Random
    ) -> Span | None:
        mix, (low, high) = self._mix, window
        kinds: list[tuple[float, Callable[[], Span | None]]] = [
            (mix.line, lambda: self._line(text, window, rng)),
            (mix.random, lambda: random_span(text, low, high, rng)),
            (mix.empty, lambda: self._empty(text, window, rng)),
        ]
        if tree is not None:
            for share, spans in (
                (mix.block, tree.blocks),
                (mix.docstring, tree.docstrings),
                (mix.body, tree.bodies),
            ):
                inside = [span for span in spans if low <= span.start < high]
                if inside:
                    kinds.append((share, lambda inside=inside: rng.choice(inside)))  # type: ignore[misc]
        shares = [share for share, _ in kinds]
        return rng.choices([make for _, make in kinds], shares)[0]()

    @staticmethod
    def _line(text: str, window: tuple[int, int], rng: random.Random) -> Span | None:
        lines = [(s + window[0], e + window[0]) for s, e in lines_of(text[window[0] : window[1]]) if e > s]
        # The first and last line of a window may be torn.
        lines = lines[1:-1]
        return line_span(text, *rng.choice(lines), rng) if lines else None

    @staticmethod
    def _empty(text: str, window: tuple[int, int], rng: random.Random) -> Span | None:
        ends = [e + window[0] for s, e in lines_of(text[window[0] : window[1]]) if e > s][:-1]
        return empty_span(text, rng.choice(ends)) if ends else None

    def _header(self, document: Document, mode: Mode, rng: random.Random) -> PromptParts:
        mix = self._mix
        path = "" if rng.random() < mix.drop_path else document.path
        language = "" if rng.random() < mix.drop_language else LANGUAGE_NAMES.get(document.language, "")
        return PromptParts(prefix="", path=path, language=language, mode=mode)

    def _infill(self, document: Document, span: Span, rng: random.Random) -> Example:
        header = self._header(document, span.mode, rng)
        middle = [*self._encode(document.text[span.start : span.end]), self._end]
        room = self._draw_context(rng) - len(middle) - len(self._render(header).token_ids)
        if room < 2 * _SHORTEST_PREFIX_TOKENS:
            return self._left_to_right(document, max(0, span.start - 400), rng)
        share = 0.0 if rng.random() < self._mix.drop_suffix else rng.uniform(0.1, 0.4)
        suffix = self._head(document.text, span.suffix_start, int(room * share))
        prefix = self._tail(document.text, span.start, room - len(self._encode(suffix)))
        prompt = self._render(
            PromptParts(
                prefix=prefix, suffix=suffix, path=header.path, language=header.language, mode=header.mode
            )
        )
        weights = prompt.weights + [self._mix.middle_weight] * len(middle)
        return Example((prompt.token_ids + middle)[: self._context], weights[: self._context])

    def _draw_context(self, rng: random.Random) -> int:
        if rng.random() >= self._mix.short:
            return self._context
        return rng.randint(min(SHORTEST_CONTEXT, self._context), self._context)

    def _left_to_right(self, document: Document, start: int, rng: random.Random) -> Example:
        start = document.text.rfind("\n", 0, start) + 1
        header = self._header(document, Mode.BLOCK, rng)
        end = start + int(self._context * 6)
        parts = PromptParts(
            prefix=document.text[start:end], path=header.path, language=header.language, mode=header.mode
        )
        segments = codegeex4(parts)
        last = max(i for i, segment in enumerate(segments) if segment.role is Role.PREFIX)
        example = self._encode_segments(segments[: last + 1])
        if end >= len(document.text):
            example = Example([*example.token_ids, self._end], [*example.weights, 1.0])
        return Example(example.token_ids[: self._context], example.weights[: self._context])

    def _render(self, parts: PromptParts) -> Example:
        return self._encode_segments(codegeex4(parts))

    def _encode_segments(self, segments: list[Segment]) -> Example:
        token_ids: list[int] = []
        weights: list[float] = []
        for segment in segments:
            ids = [self._special(segment.text)] if segment.special else self._encode(segment.text)
            token_ids += ids
            weights += [0.0 if segment.role is Role.HEADER else 1.0] * len(ids)
        return Example(token_ids, weights)

    def _special(self, name: str) -> int:
        token_id = self._tokenizer.token_to_id(name)
        if token_id is None:
            raise TokenizerError(f"the tokenizer has no token {name}")
        return int(token_id)

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _head(self, text: str, start: int, budget: int) -> str:
        """Whole lines from `start` on, at most `budget` tokens."""
        size = int(budget * 4.5)
        while size > 8:
            end = min(len(text), start + size)
            if end < len(text):
                end = text.rfind("\n", start, end) + 1
            piece = text[start : max(start, end)]
            tokens = len(self._encode(piece))
            if tokens <= budget:
                return piece
            size = min(int(size * 0.9), int(len(piece) * budget / tokens))
        return ""

    def _tail(self, text: str, end: int, budget: int) -> str:
        """Whole lines, but for the last, up to `end`, at most `budget` tokens."""
        size = int(budget * 4.5)
        while size > 8:
            start = max(0, end - size)
            if start > 0:
                line = text.find("\n", start, end) + 1
                start = line or start
            piece = text[start:end]
            tokens = len(self._encode(piece))
            if tokens <= budget:
                return piece
            size = min(int(size * 0.95), int(len(piece) * budget / tokens))
        return text[max(0, end - 8) : end]
