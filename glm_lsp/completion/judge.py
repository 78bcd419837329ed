"""From one text of the model to what may be shown of it: filters, then probability, then the parse."""

from __future__ import annotations

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.outcome import Candidate, Judgement, Source, Written
from glm_lsp.completion.part import Fits, choose_part, has_more
from glm_lsp.completion.policy import Policy
from glm_lsp.completion.postprocess import passed
from glm_lsp.completion.reason import CANCELLED
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.description import ConfidenceWeights


def judge(
    written: Written,
    around: Surroundings,
    policy: Policy,
    fits: Fits,
    *,
    weights: ConfidenceWeights | None = None,
    source: Source = Source.MODEL,
) -> Judgement:
    """What of a text may be shown, or why nothing.

    Args:
        written: the text, from the cursor on.
        around: the place it is for.
        policy: how sure a suggestion has to be.
        fits: whether the document parses no worse with a text put in at the cursor, which may be all that the model
            wanted to say.
        weights: of the model's confidence.
        source: where the text comes from.
    """
    kept = written.whole_lines() if around.mode is Mode.BLOCK else written
    filtered = passed(kept.text, around)
    if not filtered.text:
        is_cancelled = written.finish_reason == "cancelled" and not written.text
        return Judgement(written, kept.text, None, CANCELLED if is_cancelled else filtered.reason)
    part, tried = choose_part(filtered.text, kept, weights, policy, fits)
    if part is None:
        return Judgement(written, kept.text, None, tried[-1].verdict, tried)
    candidate = Candidate(
        text=part.text.replace("\n", around.window.eol),
        score=part.score,
        finish_reason=written.finish_reason,
        source=source,
    )
    return Judgement(written, kept.text, candidate, "", tried)


def is_cut_short(judgement: Judgement) -> bool:
    """Whether more could be shown if the model had not been stopped."""
    if not judgement.written.is_torn:
        return False
    return judgement.candidate is None or not has_more(judgement.written, judgement.tried[-1].text)
