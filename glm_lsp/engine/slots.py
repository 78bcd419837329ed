"""KV slots: whose keys and values lie in memory, and which slot serves a prompt with the least work."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from glm_lsp.engine.session import KVCache, Session

NUM_ANSWERS = 8


@dataclass(slots=True)
class KVSlot:
    """One KV buffer and the token ids it holds: `token_ids[i]` was run at position i.

    Entries of the buffer past `len(token_ids)` are leftovers; attention never reads them, the next run
    overwrites them. Rewinding is therefore cutting the list.
    """

    kv: KVCache
    token_ids: list[int] = field(default_factory=list)
    last_used: int = 0
    answers: deque[bytes] = field(default_factory=partial(deque, maxlen=NUM_ANSWERS))
    """The last answers with what stood before them, the newest last."""

    @property
    def num_tokens(self) -> int:
        """Tokens whose keys and values are valid."""
        return len(self.token_ids)

    def rewind(self, num_tokens: int) -> None:
        """Forgets everything from position `num_tokens` on."""
        del self.token_ids[num_tokens:]


def common_prefix(a: Sequence[int] | str, b: Sequence[int] | str) -> int:
    """Length of the longest common prefix of two token id sequences, or of two texts."""
    # Slices compare in C; halving finds the first difference in log2(n) comparisons.
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class SlotPool:
    """A few slots, made when first needed; a linear scan finds the best one."""

    def __init__(self, session: Session, max_slots: int) -> None:
        if max_slots < 1:
            raise ValueError("a pool needs at least one slot")
        self._session = session
        self._max_slots = max_slots
        self._slots: list[KVSlot] = []
        self._clock = count(1)

    def __len__(self) -> int:
        return len(self._slots)

    def take(self, token_ids: Sequence[int]) -> tuple[KVSlot, int]:
        """The slot to use for a prompt, rewound to what it shares with it, and how many tokens that is.

        At least one token of the prompt is always left to run, as its scores are needed. Where the best slot
        shares less than a quarter of the prompt (all prompts share their first words), another file is meant:
        the slot unused for longest is taken, so that the file one comes back to stays warm. Of what they share the
        session says how much can be used.
        """
        ids = list(token_ids)
        shared = [common_prefix(slot.token_ids, ids) for slot in self._slots]
        cached = max(shared, default=0)
        if not shared or cached * 4 < len(ids):
            slot = self._spare_slot()
            cached = common_prefix(slot.token_ids, ids)
        else:
            slot = self._slots[shared.index(cached)]
        cached = min(self._session.reusable(ids, cached), len(ids) - 1)
        slot.rewind(cached)
        slot.last_used = next(self._clock)
        return slot, cached

    def _spare_slot(self) -> KVSlot:
        if len(self._slots) < self._max_slots:
            self._slots.append(KVSlot(self._session.new_kv()))
            return self._slots[-1]
        return min(self._slots, key=lambda slot: slot.last_used)
