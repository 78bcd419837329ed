"""What becomes of a scored row: healing narrows it, copying blends into it, the sampler picks."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.engine.copying import Copying
from glm_lsp.engine.healing import Healing
from glm_lsp.engine.sampler import NUM_CANDIDATES, Sampler
from glm_lsp.engine.session import Scores


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token; `top` holds (id, log-probability) of the eight best candidates, best first.

    Under healing the first `num_old_bytes` bytes of the token stand before the cursor already, and `is_new` tells
    whether anything comes after them.
    """

    token_id: int
    logprob: float
    top: tuple[tuple[int, float], ...]
    num_old_bytes: int = 0
    is_new: bool = True


class Chooser:
    """Chooses the tokens of one answer, one after the other.

    Args:
        sampler: picks from the candidates.
        healing: what the answer has to write again before it says anything new.
        copying: gives the text around a say; its trail is moved on.
    """

    def __init__(
        self, sampler: Sampler, healing: Healing | None = None, copying: Copying | None = None
    ) -> None:
        self._sampler = sampler
        self._healing = healing
        self._copying = copying

    @property
    def wants_logits(self) -> bool:
        """Whether the next row has to come with its logits."""
        return self._healing is not None

    def choose(self, row: Scores) -> Token:
        """The next token.

        Args:
            row: scores of one row, behind all tokens chosen before.
        """
        healing = self._healing
        if healing is not None:
            row = healing.constrain(row)
        if self._copying is not None:
            row = self._copying.blend(row)
        token_id, logprob = self._sampler(row, 0)
        if self._copying is not None:
            self._copying.after(token_id)
        top_ids, top_logprobs = row.top_ids[0, :NUM_CANDIDATES], row.top_logprobs[0, :NUM_CANDIDATES]
        top = tuple(zip(top_ids.tolist(), top_logprobs.tolist(), strict=True))
        if healing is None:
            return Token(token_id, logprob, top)
        self._healing = healing.after(token_id)
        length, num_old = len(healing.vocabulary.text_of(token_id)), len(healing.remaining)
        return Token(token_id, logprob, top, num_old, is_new=length > num_old)
