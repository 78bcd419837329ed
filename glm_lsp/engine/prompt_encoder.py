"""From a request to the prompt's token ids: profile, tokenizer and the model's context length meet here."""

from __future__ import annotations

from collections.abc import Sequence

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import PromptParts, Reference, Role, Segment, profile_named
from glm_lsp.engine.encoding_memo import EncodingMemo
from glm_lsp.engine.healing import Healing, VocabularyIndex, take_back
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import ContextOverflowError, RequestError
from glm_lsp.models.manifest import TokenHealing

SUFFIX_SHARE = 0.25
"""At most this part of the prompt is text after the cursor."""


MAX_CHARS_PER_TOKEN = 64
"""Longer text than this for each token of the budget is cut before it is tokenized."""


class PromptEncoder:
    """Renders requests for one model so that prompt and answer fit its context."""

    def __init__(
        self,
        tokenizer: SourceTokenizer,
        profile: str,
        context_length: int,
        healing: TokenHealing = "off",
    ) -> None:
        """Reads the tokenizer's vocabulary where `healing` needs it: 13 ms for 8,192 tokens, 0.7 s for 150,000.

        Raises:
            TokenizerError: the profile is unknown or needs tokens that do not exist; healing needs a byte-level
                tokenizer.
        """
        self.context_length = context_length
        self._tokenizer = tokenizer
        self._memo = EncodingMemo(tokenizer)
        self._vocabulary = (
            VocabularyIndex(tokenizer.byte_vocabulary(), only_words=healing == "words")
            if healing != "off"
            else None
        )
        self._profile = profile_named(profile)
        # Room for the answer. It does not depend on the request: a budget that changed with max_tokens would
        # move the window's left edge and lose the KV cache.
        self.budget = context_length - min(128, context_length // 8)
        # A profile that does not fit must fail at load.
        parts = [(s.role, tokenizer.encode_segment(s)) for s in self._profile(PromptParts(prefix=""))]
        last = max((number for number, (role, _) in enumerate(parts) if role is Role.PREFIX), default=-1)
        self._tail = [token_id for _, ids in parts[last + 1 :] for token_id in ids]

    @property
    def vocabulary(self) -> VocabularyIndex | None:
        """The index that healing uses; None without healing."""
        return self._vocabulary

    def encode(self, request: CompletionRequest) -> list[int]:
        """Token ids of the prompt, at most `budget`; too long a prefix loses its beginning in big steps.

        Raises:
            RequestError: the prompt names an id that does not exist.
            ContextOverflowError: a prompt of ids is longer than `budget`; nothing of it may be left out.
        """
        return self._encode(request, None)[0]

    def encode_healed(self, request: CompletionRequest) -> tuple[list[int], Healing | None]:
        """As `encode`, but for the tokens before the cursor that the answer has to write again."""
        return self._encode(request, self._vocabulary if request.glm.healing else None)

    def _encode(
        self, request: CompletionRequest, vocabulary: VocabularyIndex | None
    ) -> tuple[list[int], Healing | None]:
        if request.is_raw:
            return self._raw(request.prompt) or self._tokenizer.encode("\n"), None
        suffix = self._trim_suffix(request.suffix, int(self.budget * SUFFIX_SHARE))
        fixed = self._render(request, "", suffix)
        num_fixed = sum(len(ids) for _, ids in fixed)
        if num_fixed > self.budget // 2 + len(suffix):
            # References and an enormous path must not crowd out the code itself.
            fixed = self._render(request, "", suffix, bare=True)
            num_fixed = sum(len(ids) for _, ids in fixed)
        prefix = self._trim_prefix(request.prompt_text, self.budget - num_fixed)
        num_taken, taken = take_back(vocabulary, prefix) if vocabulary else (0, b"")
        if num_taken == len(prefix) and not num_fixed:
            num_taken, taken = 0, b""  # a prompt has at least one token
        ids: list[int] = []
        for role, piece in fixed:
            ids += prefix[: len(prefix) - num_taken] if role is Role.PREFIX else piece
        healing = Healing(vocabulary, taken) if vocabulary and taken else None
        return ids or self._tokenizer.encode("\n"), healing

    def text_before(self, token_ids: Sequence[int], vocabulary: VocabularyIndex) -> list[bytes]:
        """The texts in a prompt of this model's own form: between special tokens, the last one before the cursor."""
        tail = self._tail
        if tail and list(token_ids[-len(tail) :]) == tail:
            token_ids = token_ids[: -len(tail)]
        pieces = vocabulary.texts_of(token_ids)
        borders = [number for number, text in enumerate(pieces) if text is None]
        edges = zip([-1, *borders], [*borders, len(pieces)], strict=True)
        texts = (b"".join(filter(None, pieces[start + 1 : end])) for start, end in edges)
        return [text for text in texts if text] or [b""]

    def _raw(self, prompt: str | tuple[int, ...]) -> list[int]:
        if isinstance(prompt, str):
            return self._trim_prefix(prompt, self.budget)
        if len(prompt) > self.budget:
            raise ContextOverflowError(f"the prompt has {len(prompt)} tokens, {self.budget} fit")
        if max(prompt, default=0) >= self._tokenizer.vocab_size:
            raise RequestError(
                f"the prompt has token {max(prompt)}, the last one is {self._tokenizer.vocab_size - 1}"
            )
        return list(prompt)

    def _render(
        self, request: CompletionRequest, prefix: str, suffix: list[int], *, bare: bool = False
    ) -> list[tuple[Role, list[int]]]:
        options = request.glm
        parts = PromptParts(
            prefix=prefix,
            path="" if bare else options.path,
            language="" if bare else options.language,
            mode=options.mode or Mode.BLOCK,
            references=() if bare else tuple(Reference(ref.path, ref.text) for ref in options.references),
        )
        return [(s.role, suffix if s.role is Role.SUFFIX else self._segment(s)) for s in self._profile(parts)]

    def _segment(self, segment: Segment) -> list[int]:
        if segment.special:
            return [self._tokenizer.special_id(segment.text)]
        return self._memo.encode(segment.text).token_ids

    def _trim_suffix(self, text: str, budget: int) -> list[int]:
        """Whole lines from the beginning, at most `budget` tokens."""
        text = text[: budget * MAX_CHARS_PER_TOKEN]
        ids, starts = self._memo.encode(text)
        if len(ids) <= budget:
            return ids
        line_end = text.rfind("\n", 0, starts[budget]) + 1
        return self._memo.encode(text[:line_end]).token_ids if line_end else ids[:budget]

    def _trim_prefix(self, text: str, budget: int) -> list[int]:
        """The end of the text, from a line's start, at most `budget` tokens.

        The cut moves by a quarter of the budget at a time: moved by every keystroke it would empty the cache.
        """
        most = max(1, budget) * MAX_CHARS_PER_TOKEN
        if len(text) > most:
            # Megabytes are not worth tokenizing; this edge, too, moves in big steps.
            text = text[-(-(len(text) - most) // (most // 2)) * (most // 2) :]
        ids, starts = self._memo.encode(text)
        excess = len(ids) - budget
        if excess <= 0:
            return ids
        step = max(1, budget // 4)
        drop = -(-excess // step) * step
        if drop >= len(ids):
            return ids[-budget:]
        line_start = text.find("\n", starts[drop]) + 1
        if not line_start or line_start > starts[min(len(ids) - 1, drop + step)]:
            return ids[drop:]  # one enormous line
        return self._memo.encode(text[line_start:]).token_ids[-budget:]
