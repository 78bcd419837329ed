"""Opens a model where there is room for it, and elsewhere once that turns out not to be enough.

A GPU's memory is shared with whatever else runs on it, so it may end at the start or at any step. A session gives back
what it can spare by itself (`CudaSession.run`). After that comes a smaller KV cache, and for device `auto` the CPU.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.placement import Placement, placements
from glm_lsp.errors import DeviceError, GpuMemoryError, RuntimeLibraryError, SessionError
from glm_lsp.models.store import ModelFolder

logger = logging.getLogger(__name__)

S = TypeVar("S")


class SessionLadder(Generic[S]):
    """The ways to run one model, from the best down.

    Args:
        rungs: see `placements`.
        open_at: opens the model there.
        falls_back: whether the CPU is an answer to a CUDA that does not work; else its error is.

    Attributes:
        placement: where the model runs.
        note: what people should know of that, behind a code; empty if it is as they would expect.
    """

    def __init__(
        self, rungs: Iterator[Placement], open_at: Callable[[Placement], S], *, falls_back: bool
    ) -> None:
        self.placement = Placement("cpu", 0)
        self.note = ""
        self._rungs = rungs
        self._open_at = open_at
        self._falls_back = falls_back
        self._first: Placement | None = None
        self._lowest: Placement | None = None
        self._failure: RuntimeLibraryError | None = None

    @classmethod
    def over(
        cls,
        runtime: Any,
        folder: ModelFolder,
        device: Device,
        capacity: int,
        open_at: Callable[[Placement], S],
    ) -> SessionLadder[S]:
        """The ladder for a model folder; arguments and errors are those of `placements`."""
        return cls(placements(runtime, folder, device, capacity), open_at, falls_back=device == "auto")

    def open(self) -> S:
        """Opens the model at the next rung that has room; the session of the one before must be gone.

        Raises:
            GpuMemoryError: there is none.
            DeviceError, SessionError: the model cannot be run as asked.
            RuntimeLibraryError: as `open_at` raises it.
        """
        tried = False
        for rung in self._rungs:
            if rung.device == "cuda" and not self._is_for_want_of_memory:
                continue
            tried = True
            if (session := self._try(rung)) is not None:
                return session
        # Nothing is left below; perhaps others have gone from the GPU meanwhile.
        if not tried and self._lowest is not None and self._is_for_want_of_memory:
            session = self._try(self._lowest)
            if session is not None:
                return session
        raise self._failure or GpuMemoryError("the GPU has no room for the model's weights")

    def failed(self, error: RuntimeLibraryError) -> None:
        """Takes note of why the session has to go; `open` comes next."""
        self._failure = error

    @property
    def _is_for_want_of_memory(self) -> bool:
        """Whether it may help to try again, or with less; True as long as nothing has failed."""
        return not isinstance(self._failure, DeviceError | SessionError)

    def _try(self, rung: Placement) -> S | None:
        self._first = self._first or rung
        self._lowest = rung
        try:
            session = self._open_at(rung)
        except GpuMemoryError as error:
            # Without its traceback, which holds memory.
            self._failure = GpuMemoryError(error.cause, error.remedy)
            return None
        except (DeviceError, SessionError) as error:
            if rung.device == "cpu" or not self._falls_back:
                raise
            self._failure = type(error)(error.cause, error.remedy)
            return None
        self._settle(rung)
        return session

    def _settle(self, rung: Placement) -> None:
        self.placement = rung
        if rung.device == "cuda" and rung != self._first:
            asked = self._first.capacity if self._first else rung.capacity
            held = f"{rung.capacity} tokens of context instead of {asked}"
            self.note = f"{GpuMemoryError.code}: the GPU's memory holds {held}."
        elif rung.instead is not None:
            failure = self._failure or rung.instead
            self.note = f"{failure.code}: the model runs on the CPU, which is slow: {failure.cause}."
            if isinstance(failure, GpuMemoryError):
                self.note += " Weights of --precision int4 take a quarter of the memory of fp16."
        elif rung.reason:
            logger.info("on the CPU: %s", rung.reason)
        if self.note:
            logger.warning("%s", self.note)
