"""Texts of the model that are still known: the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from glm_lsp.completion.outcome import Written
from glm_lsp.engine.wire import CompletionRequest


class Stem(NamedTuple):
    """All that an answer depends on but the text before the cursor.

    The text around the window stands in it as a hash of 64 bits, as it may be far longer than the prompt. It is the
    interpreter's own, keyed anew in each process; a digest for cryptography took three times as long.
    """

    uri: str
    eol: str
    request: CompletionRequest
    around: int


@dataclass(frozen=True, slots=True)
class Question:
    """What the model is asked: equal questions have equal answers, whatever else happened to the document."""

    stem: Stem
    prefix: str

    @classmethod
    def of(cls, uri: str, eol: str, request: CompletionRequest) -> Question:
        """The question a request asks."""
        options = request.glm
        bare = msgspec.structs.replace(options, text_before="", text_after="")
        around = hash((options.text_before, options.text_after))
        stem = Stem(uri, eol, msgspec.structs.replace(request, prompt="", glm=bare), around)
        return cls(stem, request.prompt_text)

    def typed_since(self, earlier: Question) -> str | None:
        """What has been typed at the cursor since an earlier question; None if anything else differs."""
        if not self.prefix.startswith(earlier.prefix) or self.stem != earlier.stem:
            return None
        return self.prefix[len(earlier.prefix) :]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote, in the order of the candidates."""

    choices: tuple[Written, ...]

    def after(self, typed: str) -> Answer | None:
        """What is left of those that begin with what was typed; None if nothing is.

        A text that the model ended where the typing is now is left with nothing: it would say nothing now.
        """
        if not typed:
            return self
        size = len(typed)
        fitting = [
            one
            for one in self.choices
            if one.text.startswith(typed) and not (one.is_torn and len(one.text) == size)
        ]
        return Answer(tuple(one.after(size) for one in fitting)) if fitting else None

    def is_enough(self, num_asked: int, rest_of_line: str) -> bool:
        """Whether what is left says as much as a new answer would.

        Where something stands right of the cursor, a text may have ended for that, not because all was said.
        """
        return len(self.choices) >= num_asked and bool(self.choices[0].text or not rest_of_line.strip())


class CompletionCache:
    """Answers by question, in memory only. Typing the beginning of one, or taking it back, asks nothing new.

    Args:
        capacity: most entries kept; each holds its prompt, some ten thousand characters.
    """

    def __init__(self, capacity: int = 128) -> None:
        self._capacity = capacity
        self._answers: dict[Stem, dict[str, Answer]] = {}
        self._recent: OrderedDict[Question, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._recent)

    def match(self, question: Question) -> tuple[Answer, str] | None:
        """What is known of an answer, and what of it has been typed already.

        Of several the one asked last wins: with the fewest characters typed it knows most of what comes.
        """
        stem, prefix = question.stem, question.prefix
        answers = self._answers.get(stem, {})
        known = [before for before in answers if prefix.startswith(before)]
        for before in sorted(known, key=len, reverse=True):
            typed = prefix[len(before) :]
            left = answers[before].after(typed)
            if left is not None:
                self._recent.move_to_end(Question(stem, before))
                return left, typed
        return None

    def insert(self, question: Question, answer: Answer) -> None:
        """Remembers an answer; the one unused for longest makes room."""
        self._answers.setdefault(question.stem, {})[question.prefix] = answer
        self._recent[question] = None
        self._recent.move_to_end(question)
        if len(self._recent) > self._capacity:
            self._drop(next(iter(self._recent)))

    def evict(self, uri: str) -> None:
        """Forgets a document."""
        for question in [question for question in self._recent if question.stem.uri == uri]:
            self._drop(question)

    def _drop(self, question: Question) -> None:
        del self._recent[question]
        answers = self._answers[question.stem]
        del answers[question.prefix]
        if not answers:
            del self._answers[question.stem]
