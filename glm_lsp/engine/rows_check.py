"""One token and several at once must give the same; some processors' kernels got one of the two wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glm_lsp.engine.session import Session
from glm_lsp.errors import SessionError


def check_rows(session: Session, token_ids: Sequence[int], tolerance: float) -> float:
    """Runs all tokens at once and the first eight one by one; returns the largest difference over the logits' range.

    Raises:
        SessionError: the difference is above `tolerance`.
    """
    logits = session.run(session.new_kv(), 0, token_ids, len(token_ids), want_logits=True).logits
    together = np.zeros((0, session.vocab_size)) if logits is None else logits[:8].copy()
    kv, difference = session.new_kv(), 0.0
    for position, row in enumerate(together):
        alone = session.run(kv, position, [token_ids[position]], 1, want_logits=True).logits
        if alone is not None:
            difference = max(difference, float(np.abs(row - alone[0]).max() / np.ptp(row)))
    if not difference <= tolerance:
        raise SessionError(
            f"one token and eight at once differ by {difference:.2g} of the logits' range",
            "The kernels of this processor or GPU are at fault; import the model with another precision.",
        )
    return difference
