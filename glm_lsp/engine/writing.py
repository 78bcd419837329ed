"""What writes a choice: sampler, healing, copying and guessing, put together for one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.choosing import Chooser
from glm_lsp.engine.copying import Copier
from glm_lsp.engine.drafting import Drafter, Speculator
from glm_lsp.engine.healing import Healing
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sampler import SamplingParams, make_sampler
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.text_lookup import TextLookup, Trail
from glm_lsp.engine.wire import CompletionRequest


@dataclass(frozen=True, slots=True)
class Writer:
    """Chooses the tokens of one choice; `drafter` guesses them ahead."""

    chooser: Chooser
    drafter: Drafter | None = None


class Writers:
    """Makes writers.

    Args:
        encoder: tells what of a prompt of ids is text.
        copier: gives the text around a say in what comes next.
        speculator: guesses ahead, which changes the time an answer takes and nothing else.
    """

    def __init__(
        self, encoder: PromptEncoder, copier: Copier | None = None, speculator: Speculator | None = None
    ) -> None:
        self.speculator = speculator
        self._encoder = encoder
        self._copier = copier

    def texts(self, request: CompletionRequest, token_ids: list[int]) -> list[bytes]:
        """The text around, the last piece before the cursor. A prompt that is run as it is has nothing but itself."""
        if request.glm.warm_up or not (self._copier or self.speculator):
            return []  # nobody looks anything up
        if not request.is_raw:
            return request.lookup_texts()
        if self.speculator is None:
            return []
        return self._encoder.text_before(token_ids, self.speculator.vocabulary)

    def start(
        self,
        request: CompletionRequest,
        index: int,
        lookup: TextLookup,
        healing: Healing | None,
        slot: KVSlot,
    ) -> Writer:
        """The writer of one choice; of several choices the first is the likeliest text."""
        pending = healing.remaining if healing else b""
        trail = Trail(lookup, lookup.tail(len(pending)), pending)
        within_line = request.glm.mode is Mode.LINE
        copying = drafter = None
        if self._copier and request.glm.copying and not request.is_raw:
            copying = self._copier.start(trail, within_line=within_line)
        if self.speculator:
            drafter = self.speculator.start(
                slot.answers, trail, within_line=within_line, moves_trail=copying is None
            )
        return Writer(Chooser(make_sampler(_sampling(request, index)), healing, copying), drafter)

    def finish(
        self,
        writer: Writer,
        slot: KVSlot,
        lookup: TextLookup,
        healing: Healing | None,
        token_ids: Sequence[int],
    ) -> None:
        """What a choice has become is where the next guesses come from."""
        if writer.drafter and self.speculator:
            writer.drafter.close()
            tail = lookup.tail(len(healing.remaining) if healing else 0)
            self.speculator.remember(slot.answers, tail, list(token_ids))


def _sampling(request: CompletionRequest, index: int) -> SamplingParams:
    if request.n > 1 and index == 0:
        return SamplingParams()
    seed = None if request.seed is None else request.seed + index
    return SamplingParams(
        temperature=request.temperature, top_k=request.top_k, top_p=request.top_p, seed=seed
    )
