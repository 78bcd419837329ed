"""All that is known of a cursor before the model is asked, and the request that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from glm_lsp.completion.cache import Question
from glm_lsp.completion.context import Window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.other_files import OtherFiles
from glm_lsp.completion.policy import SHOW_ALL, Policy
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.prompt import language_name
from glm_lsp.completion.secret_files import is_secret_path
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, WireReference

MAX_TOKENS = {Mode.LINE: 48, Mode.BLOCK: 128}
_TEMPERATURES = (0.8, 1.1)
"""Of the candidates besides the first; the second is for another round."""
_TOP_P = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """All that is known of the cursor before anybody is asked.

    Attributes:
        request: what the engine would be asked.
        question: the same, for finding answers again.
    """

    snapshot: DocumentSnapshot
    window: Window
    others: OtherFiles
    policy: Policy
    request: CompletionRequest
    question: Question

    @property
    def surroundings(self) -> Surroundings:
        """What filters look at."""
        mode = self.request.glm.mode or Mode.BLOCK
        return Surroundings(window=self.window, mode=mode, language_id=self.snapshot.language_id)

    def for_more(self) -> Place:
        """The same for another round of candidates, less predictable, where too many of the first were the same."""
        request = msgspec.structs.replace(self.request, temperature=_TEMPERATURES[1], seed=self.request.n)
        question = Question(self.question.stem._replace(request=request), self.question.prefix)
        return replace(self, request=request, question=question)


def place_of(  # noqa: PLR0917
    snapshot: DocumentSnapshot,
    window: Window,
    mode: Mode,
    candidates: int,
    preferences: Preferences,
    others: OtherFiles,
) -> Place:
    """The place of a cursor.

    Args:
        snapshot: the document.
        window: what the model sees of it.
        mode: what may be written.
        candidates: how many texts are wanted; who wants several asks by hand and gets them, likely or not.
        preferences: what the person wants otherwise.
        others: what there is of other files.
    """
    policy = preferences.policy if candidates == 1 else SHOW_ALL
    request = CompletionRequest(
        prompt=window.prefix,
        suffix=window.suffix,
        max_tokens=MAX_TOKENS[mode],
        n=candidates,
        # With several the engine makes the first one greedy; a fixed seed makes the others repeatable.
        temperature=_TEMPERATURES[0] if candidates > 1 else 0.0,
        top_p=_TOP_P if candidates > 1 else 1.0,
        seed=0 if candidates > 1 else None,
        stream=True,
        logprobs=0,
        glm=GlmOptions(
            path=snapshot.path,
            language=language_name(snapshot.language_id),
            mode=mode,
            rest_of_line=window.rest_of_line,
            text_before=others.looked_up + window.before,
            text_after=window.after,
            min_probability=policy.floor,
            references=tuple(
                WireReference(ref.path, ref.text) for ref in others.in_prompt if not is_secret_path(ref.path)
            ),
        ),
    )
    question = Question.of(snapshot.uri, window.eol, request)
    return Place(snapshot, window, others, policy, request, question)
