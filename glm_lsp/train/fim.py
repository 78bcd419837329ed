"""Training examples: a document and a random generator in, token ids and loss weights out. Pure.

Every example is laid out by the prompt profile the server uses, so that the model meets at run time exactly
what it was trained on. The mix of spans is given by `Mix`; docs/training.md says why.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from tokenizers import Tokenizer

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import LANGUAGE_NAMES, PromptParts, Role, Segment, codegeex4
from glm_lsp.train.encoder import SourceEncoder
from glm_lsp.train.example import Document, Example, Mix
from glm_lsp.train.references import Draw, draw_references, no_other
from glm_lsp.train.spans import Span, empty_span, line_span, lines_of, random_span
from glm_lsp.train.tree import Tree, tree_of

CHARS_PER_TOKEN = 3.4
SHORTEST_CONTEXT = 96
_SHORTEST_PREFIX_TOKENS = 16
_REFERENCE_TOKENS = 200


class ExampleMaker:
    """Cuts documents into examples of at most `context` tokens."""

    def __init__(self, tokenizer: Tokenizer, context: int, mix: Mix) -> None:
        self._encoder = SourceEncoder(tokenizer)
        self._context = context
        self._mix, self._decay_mix = mix, mix.decayed()
        self.end = self._encoder.special("<|endoftext|>")
        self.decode = self._encoder.decode

    def times(self, document: Document) -> int:
        """How often a document is walked in one epoch: well documented and typed ones twice."""
        return 2 if self._mix.double and document.is_exemplary else 1

    def examples(
        self,
        document: Document,
        rng: random.Random,
        *,
        siblings: Draw = no_other,
        decaying: bool = False,
    ) -> Iterator[Example]:
        """About as many examples as it takes to cover the document once, cut anew for each `rng`.

        `siblings` draws other files of the package, to quote from; `decaying` asks for the mix of the decay.
        """
        mix = self._decay_mix if decaying else self._mix
        chunk = int(self._context * CHARS_PER_TOKEN)
        tree = tree_of(document)
        for start in range(0, len(document.text), chunk):
            window = (start, min(len(document.text), start + chunk))
            if rng.random() < mix.infill:
                span = self._choose(document.text, tree, window, mix, rng)
                if span is not None:
                    yield self._infill(document, span, siblings, rng)
                    continue
            yield self._left_to_right(document, start, siblings, rng)

    @classmethod
    def _choose(
        cls, text: str, tree: Tree, window: tuple[int, int], mix: Mix, rng: random.Random
    ) -> Span | None:
        low, high = window
        kinds: list[tuple[float, Callable[[], Span | None]]] = [
            (mix.line, lambda: cls._line(text, window, rng)),
            (mix.random, lambda: random_span(text, low, high, rng)),
            (mix.empty, lambda: cls._empty(text, window, rng)),
        ]
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

    def _with_references(
        self, header: PromptParts, around: str, room: int, siblings: Draw, rng: random.Random
    ) -> PromptParts:
        if rng.random() >= self._mix.references:
            return header
        # As at run time, what is quoted must not crowd out the code itself.
        budget = min(_REFERENCE_TOKENS, room // 5)
        return replace(
            header, references=draw_references(around, siblings, rng, self._encoder.encode, budget)
        )

    def _infill(self, document: Document, span: Span, siblings: Draw, rng: random.Random) -> Example:
        header = self._header(document, span.mode, rng)
        middle = [*self._encoder.encode(document.text[span.start : span.end]), self.end]
        room = self._draw_context(rng) - len(middle)
        around = document.text[max(0, span.start - 400) : span.start]
        header = self._with_references(header, around, room, siblings, rng)
        room -= len(self._render(header).token_ids)
        if room < 2 * _SHORTEST_PREFIX_TOKENS:
            return self._left_to_right(document, max(0, span.start - 400), siblings, rng)
        share = 0.0 if rng.random() < self._mix.drop_suffix else rng.uniform(0.1, 0.4)
        suffix = self._head(document.text, span.suffix_start, int(room * share))
        prefix = self._tail(document.text, span.start, room - len(self._encoder.encode(suffix)))
        prompt = self._render(replace(header, prefix=prefix, suffix=suffix))
        weights = prompt.weights + [self._mix.middle_weight] * len(middle)
        return Example((prompt.token_ids + middle)[: self._context], weights[: self._context])

    def _draw_context(self, rng: random.Random) -> int:
        if rng.random() >= self._mix.short:
            return self._context
        shortest = min(SHORTEST_CONTEXT, self._context)
        longer: float = (self._context / shortest) ** rng.random()
        return round(shortest * longer)

    def _left_to_right(self, document: Document, start: int, siblings: Draw, rng: random.Random) -> Example:
        start = document.text.rfind("\n", 0, start) + 1
        header = self._header(document, Mode.BLOCK, rng)
        end = start + int(self._context * 6)
        text = document.text[start:end]
        header = self._with_references(header, text, self._context, siblings, rng)
        segments = codegeex4(replace(header, prefix=text))
        last = max(i for i, segment in enumerate(segments) if segment.role is Role.PREFIX)
        example = self._encode_segments(segments[: last + 1])
        if end >= len(document.text):
            example = Example([*example.token_ids, self.end], [*example.weights, 1.0])
        return Example(example.token_ids[: self._context], example.weights[: self._context])

    def _render(self, parts: PromptParts) -> Example:
        return self._encode_segments(codegeex4(parts))

    def _encode_segments(self, segments: list[Segment]) -> Example:
        encoder = self._encoder
        token_ids: list[int] = []
        weights: list[float] = []
        for segment in segments:
            ids = segment.token_ids(encoder.find_special, encoder.encode)
            token_ids += ids
            weights += [0.0 if segment.role is Role.HEADER else 1.0] * len(ids)
        return Example(token_ids, weights)

    def _head(self, text: str, start: int, budget: int) -> str:
        """Whole lines from `start` on, at most `budget` tokens."""
        size = int(budget * 4.5)
        while size > 8:
            end = min(len(text), start + size)
            if end < len(text):
                end = text.rfind("\n", start, end) + 1
            piece = text[start : max(start, end)]
            tokens = len(self._encoder.encode(piece))
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
            tokens = len(self._encoder.encode(piece))
            if tokens <= budget:
                return piece
            size = min(int(size * 0.95), int(len(piece) * budget / tokens))
        return text[max(0, end - 8) : end]
