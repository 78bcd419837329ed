"""Answers of the model that are still known: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import NamedTuple

import msgspec

from glm_lsp.completion.outcome import Outcome
from glm_lsp.engine.wire import CompletionRequest


class CacheKey(NamedTuple):
    """All that an answer depends on: equal keys have equal answers, whatever else happened to the document.

    The text around the window stands in it as a hash of 64 bits, as it may be far longer than the prompt. It is the
    interpreter's own, keyed anew in each process; a digest for cryptography took three times as long.
    """

    uri: str
    eol: str
    request: CompletionRequest
    around: int = 0

    @classmethod
    def of(cls, uri: str, eol: str, request: CompletionRequest) -> CacheKey:
        """The key of a request."""
        options = request.glm
        bare = msgspec.structs.replace(options, text_before="", text_after="")
        around = hash((options.text_before, options.text_after))
        return cls(uri, eol, msgspec.structs.replace(request, glm=bare), around)


class CompletionCache:
    """Outcomes by request, in memory only.

    Args:
        capacity: most entries kept; each holds its prompt, some ten thousand characters.
    """

    def __init__(self, capacity: int = 128) -> None:
        self._capacity = capacity
        self._outcomes: OrderedDict[CacheKey, Outcome] = OrderedDict()

    def __len__(self) -> int:
        return len(self._outcomes)

    def match(self, key: CacheKey) -> Outcome | None:
        """The outcome of the same request, if it is still known."""
        outcome = self._outcomes.get(key)
        if outcome is not None:
            self._outcomes.move_to_end(key)
        return outcome

    def insert(self, key: CacheKey, outcome: Outcome) -> None:
        """Remembers an outcome, without the text around its window; the entry unused for longest makes room."""
        self._outcomes[key] = _lean(outcome)
        self._outcomes.move_to_end(key)
        if len(self._outcomes) > self._capacity:
            self._outcomes.popitem(last=False)

    def evict(self, uri: str) -> None:
        """Forgets a document."""
        for key in [key for key in self._outcomes if key.uri == uri]:
            del self._outcomes[key]


def _lean(outcome: Outcome) -> Outcome:
    """The outcome without text that no filter looks at: 64 Ki characters of each entry."""
    around = outcome.surroundings
    if around is None:
        return outcome
    window = replace(around.window, before="", after="")
    return replace(outcome, surroundings=replace(around, window=window))
