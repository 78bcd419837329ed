"""From a request to the prompt's token ids: profile, tokenizer and the model's context length meet here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import PromptParts, Reference, Role, Segment, profile_named
from glm_lsp.completion.prompt.profiles import require_fitting
from glm_lsp.engine.encoding_memo import EncodingMemo
from glm_lsp.engine.healing import Healing, VocabularyIndex, take_back
from glm_lsp.engine.prompt_frame import PromptFrame
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import ContextOverflowError, RequestError
from glm_lsp.models.manifest import TokenHealing

SUFFIX_SHARE = 0.25
"""At most this part of the prompt is text after the cursor."""


MAX_CHARS_PER_TOKEN = 64
"""Longer text than this for each token of the budget is cut before it is tokenized."""


class _Piece(NamedTuple):
    """A segment in token ids."""

    role: Role
    token_ids: list[int]
    lead: str


class PromptEncoder:
    """Renders requests for one model so that prompt and answer fit its context.

    Attributes:
        context_length: most tokens of prompt and answer together.
        budget: most tokens of a prompt.
        stop_strings: names of special tokens that end an answer, but are no tokens here: the model writes them as text.
    """

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
        self._profile = profile_named(profile)
        # A profile that does not fit must fail at load.
        require_fitting(self._profile, tokenizer.find_special)
        self._vocabulary = (
            VocabularyIndex(tokenizer.byte_vocabulary(), only_words=healing == "words")
            if healing != "off" and self._profile.heals
            else None
        )
        # Room for the answer. It does not depend on the request: a budget that changed with max_tokens would
        # move the window's left edge and lose the KV cache.
        self.budget = context_length - min(128, context_length // 8)
        names = self._profile.stop_strings
        self.stop_strings = tuple(name for name in names if tokenizer.find_special(name) is None)
        self._frame = PromptFrame.of(
            [(s.role, self._segment(s)) for s in self._profile(PromptParts(prefix=""))]
        )

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
        fixed = self._render(request)
        num_suffix = sum(len(piece.token_ids) for piece in fixed if piece.role is Role.SUFFIX)
        num_fixed = sum(len(piece.token_ids) for piece in fixed)
        if num_fixed > self.budget // 2 + num_suffix:
            # References and an enormous path must not crowd out the code itself.
            fixed = self._render(request, bare=True)
            num_fixed = sum(len(piece.token_ids) for piece in fixed)
        ids: list[int] = []
        healing = None
        for piece in fixed:
            if piece.role is not Role.PREFIX:
                ids += piece.token_ids
                continue
            lead, prefix = self._trim_led(piece.lead, request.prompt_text, self.budget - num_fixed)
            num_taken, taken = take_back(vocabulary, prefix) if vocabulary else (0, b"")
            if num_taken == len(prefix) and not (num_fixed or lead):
                num_taken, taken = 0, b""  # a prompt has at least one token
            ids += lead + prefix[: len(prefix) - num_taken]
            healing = Healing(vocabulary, taken) if vocabulary and taken else None
        return ids or self._tokenizer.encode("\n"), healing

    def text_before(self, token_ids: Sequence[int], vocabulary: VocabularyIndex) -> list[bytes]:
        """The texts in a prompt of this model's own form: between special tokens, the last one before the cursor."""
        return self._frame.texts(token_ids, vocabulary)

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

    def _render(self, request: CompletionRequest, *, bare: bool = False) -> list[_Piece]:
        """The prompt's pieces in order; the prefix has no tokens yet, as its room is what the others leave."""
        options = request.glm
        parts = PromptParts(
            prefix="",
            suffix=request.suffix,
            path="" if bare else options.path,
            language="" if bare else options.language,
            mode=options.mode or Mode.BLOCK,
            references=() if bare else tuple(Reference(ref.path, ref.text) for ref in options.references),
        )
        return [_Piece(s.role, self._fixed(s), s.lead) for s in self._profile(parts)]

    def _fixed(self, segment: Segment) -> list[int]:
        if segment.role is Role.PREFIX:
            return []
        if segment.role is Role.SUFFIX:
            return self._trim_suffix(segment.text, int(self.budget * SUFFIX_SHARE))
        return self._segment(segment)

    def _segment(self, segment: Segment) -> list[int]:
        return segment.token_ids(self._tokenizer.find_special, lambda text: self._memo.encode(text).token_ids)

    def _trim_suffix(self, text: str, budget: int) -> list[int]:
        """Whole lines from the beginning, at most `budget` tokens."""
        text = text[: budget * MAX_CHARS_PER_TOKEN]
        ids, starts = self._memo.encode(text)
        if len(ids) <= budget:
            return ids
        line_end = text.rfind("\n", 0, starts[budget]) + 1
        return self._memo.encode(text[:line_end]).token_ids if line_end else ids[:budget]

    def _trim_led(self, lead: str, text: str, budget: int) -> tuple[list[int], list[int]]:
        """`lead` and the end of `text`, encoded as one: the ids of each. Only the text gives way to the budget."""
        if not lead:
            return [], self._trim_prefix(text, budget)
        num_lead = len(self._memo.encode(lead).token_ids)
        room = max(1, budget - num_lead)
        start, _ = self._cut_prefix(text, room)
        ids = self._memo.encode(lead + text[start:]).token_ids
        # Together they have about as many tokens as apart.
        return ids[:num_lead], ids[num_lead:][-room:]

    def _trim_prefix(self, text: str, budget: int) -> list[int]:
        return self._cut_prefix(text, budget)[1]

    def _cut_prefix(self, text: str, budget: int) -> tuple[int, list[int]]:
        """Where the end of the text that is kept begins, and its ids: from a line's start, at most `budget` tokens.

        The cut moves by a quarter of the budget at a time: moved by every keystroke it would empty the cache.
        """
        budget = max(1, budget)
        most = budget * MAX_CHARS_PER_TOKEN
        skipped = 0
        if len(text) > most:
            # Megabytes are not worth tokenizing; this edge, too, moves in big steps.
            skipped = -(-(len(text) - most) // (most // 2)) * (most // 2)
            text = text[skipped:]
        ids, starts = self._memo.encode(text)
        excess = len(ids) - budget
        if excess <= 0:
            return skipped, ids
        step = max(1, budget // 4)
        drop = -(-excess // step) * step
        if drop >= len(ids):
            return skipped + starts[-budget], ids[-budget:]
        line_start = text.find("\n", starts[drop]) + 1
        if not line_start or line_start > starts[min(len(ids) - 1, drop + step)]:
            return skipped + starts[drop], ids[drop:]  # one enormous line
        return skipped + line_start, self._memo.encode(text[line_start:]).token_ids[-budget:]
