"""The keys and values of all slots: one slot is hot, at the addresses that everything is bound to; others are parked.

A captured CUDA graph belongs to one set of addresses. So there is one set, and whoever changes to another text moves
tokens: a few milliseconds now and then, instead of graphs for every slot.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine.cuda.block_copy import BlockCopy
from glm_lsp.engine.cuda.buffers import DeviceArray, KVLayout
from glm_lsp.engine.cuda.failures import is_out_of_memory


class DeviceKVCache:
    """One slot.

    Attributes:
        num_held: tokens whose keys and values are somewhere.
        parked: where, while it is not hot: on the device or on the host.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.num_held = 0
        self.parked: DeviceArray | NDArray[Any] | None = None


class HotSlot:
    """The slot in hand, and the way others get there.

    Args:
        allocate: gives device memory for one more slot, or raises what ONNX Runtime does.
        copy_blocks: None lets whole slots go through the host.
        num_parked_on_device: parked slots that may lie there; more of them, and those for which there is no memory,
            lie on the host.
    """

    def __init__(
        self,
        layout: KVLayout,
        allocate: Callable[[], DeviceArray],
        copy_blocks: BlockCopy | None,
        num_parked_on_device: int,
    ) -> None:
        self.layout = layout
        self.memory = allocate()
        # What was never run is never read, but kernels may multiply it by zero, and leftovers might be no numbers.
        self.memory.write(np.zeros(layout.shape, layout.dtype))
        self.copies_blocks = copy_blocks is not None
        self._allocate = allocate
        self._copy_blocks = copy_blocks
        self._most_on_device = num_parked_on_device
        self._spare: list[DeviceArray] = []
        # Slots are their users'; those that nobody has any more need not be kept.
        self._slot: weakref.ref[DeviceKVCache] | None = None
        self._parked: weakref.WeakSet[DeviceKVCache] = weakref.WeakSet()

    def take(self, slot: DeviceKVCache, num_tokens: int) -> None:
        """Makes a slot hot, with the first `num_tokens` of what it holds."""
        hot = self._slot() if self._slot is not None else None
        if slot is not hot:
            if hot is not None:
                self._park(hot)
            self._slot = None
            self._restore(slot, min(num_tokens, slot.num_held))
            self._slot = weakref.ref(slot)
        slot.num_held = min(slot.num_held, num_tokens)

    def release(self) -> bool:
        """Moves parked slots from the device to the host, and keeps them there; False if there were none."""
        freed = self._num_on_device > 0
        self._most_on_device = 0
        self._spare.clear()
        for slot in list(self._parked):
            if isinstance(slot.parked, DeviceArray):
                slot.parked = self._to_host(slot.parked, slot.num_held)
        return freed

    def _park(self, slot: DeviceKVCache) -> None:
        if not slot.num_held:
            return
        room = self._room_on_device()
        if room is None:
            slot.parked = self._to_host(self.memory, slot.num_held)
        else:
            self._move(room.address, self.memory.address, slot.num_held)
            slot.parked = room
        self._parked.add(slot)

    def _restore(self, slot: DeviceKVCache, num_tokens: int) -> None:
        parked = slot.parked
        if isinstance(parked, DeviceArray):
            self._move(self.memory.address, parked.address, num_tokens)
            self._spare.append(parked)
        elif parked is not None and self._copy_blocks is not None:
            pitch = parked.shape[1] * self.layout.token_bytes
            where = self.memory.address, self.layout.capacity * self.layout.token_bytes
            width = num_tokens * self.layout.token_bytes
            self._copy_blocks(*where, parked.ctypes.data, pitch, width, self.layout.num_rows)
        elif parked is not None:
            self.memory.write(parked)
        # Only now: after a copy that failed it is where it was.
        slot.parked = None
        self._parked.discard(slot)

    @property
    def _num_on_device(self) -> int:
        parked = sum(isinstance(slot.parked, DeviceArray) for slot in self._parked)
        return parked + len(self._spare)

    def _room_on_device(self) -> DeviceArray | None:
        if self._copy_blocks is None:
            return None
        if self._spare:
            return self._spare.pop()
        if self._num_on_device >= self._most_on_device:
            return None
        try:
            return self._allocate()
        except Exception as error:  # ONNX Runtime raises classes of its own and bare RuntimeError
            if not is_out_of_memory(error):
                raise
            self._most_on_device = 0
            return None

    def _to_host(self, memory: DeviceArray, num_tokens: int) -> NDArray[Any]:
        """The first tokens, [rows, num_tokens, head_dim]; all of it, as it lies, where blocks cannot be copied."""
        if self._copy_blocks is None:
            return memory.read().copy()
        layout = self.layout
        held = np.empty((layout.num_rows, num_tokens, layout.head_dim), layout.dtype)
        width = num_tokens * layout.token_bytes
        source = memory.address, layout.capacity * layout.token_bytes
        self._copy_blocks(held.ctypes.data, width, *source, width, layout.num_rows)
        return held

    def _move(self, target: int, source: int, num_tokens: int) -> None:
        """From one whole slot on the device to another."""
        if self._copy_blocks is not None:
            pitch = self.layout.capacity * self.layout.token_bytes
            width = num_tokens * self.layout.token_bytes
            self._copy_blocks(target, pitch, source, pitch, width, self.layout.num_rows)
