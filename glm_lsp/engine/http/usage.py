"""`POST /v1/usage`: what the editors on this machine have counted, added up for `/metrics`. Numbers only."""

from __future__ import annotations

from collections import Counter

import msgspec

from glm_lsp.errors import RequestError

MAX_ADDED = 1 << 40
EDITOR_COUNTS = frozenset(
    {
        "requests",
        "answers_model",
        "answers_joined",
        "answers_cache",
        "answers_docstring",
        "answers_typed_through",
        "answers_nothing",
        "shown",
        "accepted",
        "partly_accepted",
        "reverted",
        "accepted_chars",
        "reverted_chars",
        "inserted_chars",
        "prompt_tokens",
        "cached_tokens",
        "checked_after_15_s",
        "checked_after_30_s",
        "checked_after_120_s",
        "survived_15_s",
        "survived_30_s",
        "survived_120_s",
    }
)
"""The names that are taken: each becomes `glm_lsp_editor_NAME_total`."""


class EditorUsage:
    """The sum of what all editors have reported since the engine's start."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter(dict.fromkeys(EDITOR_COUNTS, 0))

    def add(self, body: bytes) -> None:
        """Adds one report: a JSON object of names and of what is to be added to each.

        Raises:
            RequestError: it is none, names something else, or adds anything but a number from 0 on.
        """
        try:
            counts = msgspec.json.decode(body, type=dict[str, int])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RequestError("usage is an object of whole numbers") from error
        if not counts.keys() <= EDITOR_COUNTS:
            raise RequestError("usage holds a name that is not counted")
        if any(not 0 <= count <= MAX_ADDED for count in counts.values()):
            raise RequestError(f"usage holds a number below 0 or above {MAX_ADDED}")
        self._totals.update(counts)

    def counters(self) -> dict[str, float]:
        """By the names of `/metrics`, without prefix and suffix."""
        return {f"editor_{name}": count for name, count in self._totals.items()}
