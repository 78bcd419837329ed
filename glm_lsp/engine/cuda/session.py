"""A model on an NVIDIA GPU: fixed shapes at fixed addresses, so that the steps of decoding can be CUDA graphs.

Nothing but token ids goes to the device in a step, and nothing but the best eight of each row comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glm_lsp.engine.cuda import provider, warm_up
from glm_lsp.engine.cuda.buffer_store import BufferStore
from glm_lsp.engine.cuda.buffers import DeviceName, KVLayout, Place
from glm_lsp.engine.cuda.failures import first_line, is_device_lost, is_out_of_memory
from glm_lsp.engine.cuda.kv_cache import DeviceKVCache, HotSlot
from glm_lsp.engine.cuda.prefill_size import SIZES, best_size
from glm_lsp.engine.cuda.run_shape import NO_GRAPH, STEP_WIDTHS, RunPlan, RunShape, RunShapes
from glm_lsp.engine.rows_check import check_rows
from glm_lsp.engine.session import NO_SCORES, KVCache, ReadsForward, Scores, check_run
from glm_lsp.errors import DeviceError, GpuMemoryError, SessionError

GRAPH_ID = "gpu_graph_id"

RESTART = "Restart the engine: its process cannot use the GPU again. If this repeats, report it with the log."

DEFAULT_PREFILL = 512
CHECKED_TOKENS = 32


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """How a model runs on its device, for people.

    Attributes:
        num_nodes: by provider.
        graph_widths: steps that are captured.
        why_no_graphs: where none is.
        prefill_seconds: measured by length of the run.
        copies_blocks: whether parked slots are copied by the tokens they hold.
    """

    device: DeviceName
    capacity: int
    num_nodes: dict[str, int]
    graph_widths: tuple[int, ...]
    why_no_graphs: str
    prefill_tokens: int
    prefill_seconds: dict[int, float]
    copies_blocks: bool


class CudaSession(ReadsForward):
    """A `Session` on ONNX Runtime's CUDA provider; use from one thread. Make one with `open_on_device`.

    Attributes:
        prefill_tokens: of a prompt to run at once; measured when the session is warmed up.
        step_widths: what steps are filled up to.
        threads: of the host.
    """

    threads = 1

    def __init__(  # noqa: PLR0917
        self,
        place: Place,
        loaded: provider.Loaded,
        layout: KVLayout,
        num_ids: int,
        hot: HotSlot,
        widths: Sequence[int] = STEP_WIDTHS,
    ) -> None:
        self.capacity = layout.capacity
        self.prefill_tokens = min(DEFAULT_PREFILL, self.capacity)
        self._shapes = RunShapes(self.capacity, widths)
        self.step_widths = self._shapes.widths
        self._place = place
        self._loaded = loaded
        self._num_ids = num_ids
        self._hot = hot
        self._buffers = BufferStore(place, hot.memory, layout)
        self.vocab_size = self._buffers.vocab_size
        self._options: dict[int, Any] = {}
        self._captures = loaded.captures
        self._why_not = loaded.why_not
        self._seconds: dict[int, float] = {}
        self._is_warm = False
        self._thread = 0
        """That graphs were captured on: ONNX Runtime may keep them by thread."""

    @property
    def providers(self) -> list[str]:
        """The execution providers ONNX Runtime really uses, first choice first."""
        return list(self._place.inference.get_providers())

    @property
    def report(self) -> DeviceReport:
        """How it runs; complete once it is warm."""
        captured = self._captures and self._thread != 0
        return DeviceReport(
            device=self._place.device,
            capacity=self.capacity,
            num_nodes=self._loaded.num_nodes,
            graph_widths=self.step_widths if captured else (),
            why_no_graphs="" if captured else self._why_not or "not captured yet",
            prefill_tokens=self.prefill_tokens,
            prefill_seconds=self._seconds,
            copies_blocks=self._hot.copies_blocks,
        )

    def warm_up(self) -> None:
        """Measures and captures, on the thread that will run the model; else the first run does.

        Raises:
            SessionError, GpuMemoryError: a plain run failed; without CUDA graphs it can go on.
        """
        self._is_warm = True
        if self._place.device == "cuda" and not self._seconds:
            self._seconds = warm_up.time_prefill(self, self._num_ids)
            self.prefill_tokens = best_size(self._seconds, self.capacity)
        if self._captures and self._thread != threading.get_ident():
            self._thread = threading.get_ident()
            self._why_not = warm_up.capture(self, self._shapes.steps, self._num_ids, self._give_up_graphs)

    def new_kv(self) -> DeviceKVCache:
        """See `Session.new_kv`."""
        return DeviceKVCache(self.capacity)

    def run(
        self, kv: KVCache, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        """See `Session.run`. How many tokens run together may change a score by a rounding: kernels differ by width.

        Raises:
            GpuMemoryError: there is no room for the run, not even with nothing parked on the device.
            DeviceError: the GPU is lost to this process.
        """
        check_run(self.capacity, self._num_ids, past, token_ids, num_scored)
        if not self._is_warm:
            self.warm_up()
        plan = self._shapes.plan(past, len(token_ids), num_scored)
        self._run(kv, past, token_ids, plan, want_logits)
        if num_scored == 0:
            return NO_SCORES
        buffers = self._buffers.get(plan.shape, want_logits)
        return buffers.scores(plan.first_row, num_scored, want_logits=want_logits)

    def run_shape(
        self, kv: KVCache, past: int, token_ids: list[int], shape: RunShape, *, want_logits: bool = False
    ) -> Scores:
        """Runs in exactly this shape, its last rows scored; for `warm_up`."""
        selected = tuple(range(shape.num_tokens - shape.num_rows, shape.num_tokens))
        self._run(kv, past, token_ids, RunPlan(shape, selected, 0), want_logits)
        return self._buffers.get(shape, want_logits).scores(0, shape.num_rows, want_logits=want_logits)

    def self_check(self, tolerance: float = 0.05) -> float:
        """See `check_rows`.

        Raises:
            SessionError: the difference is above `tolerance`.
        """
        count = min(CHECKED_TOKENS, self.capacity)
        return check_rows(self, [index % self._num_ids for index in range(count)], tolerance)

    def _run(
        self, kv: KVCache, past: int, token_ids: Sequence[int], plan: RunPlan, want_logits: bool
    ) -> None:
        if not isinstance(kv, DeviceKVCache):
            raise TypeError(f"{kv!r} was not made by this session")
        try:
            self._try_run(kv, past, token_ids, plan, want_logits)
        except Exception as error:  # ONNX Runtime raises classes of its own and bare RuntimeError
            if not is_out_of_memory(error):
                raise self._failed(error, past, len(token_ids)) from error
            if not self._make_room():
                raise self._no_room(error) from error
            try:
                self._try_run(kv, past, token_ids, plan, want_logits)
            except Exception as again:
                if is_out_of_memory(again):
                    raise self._no_room(again) from again
                raise self._failed(again, past, len(token_ids)) from again

    def _try_run(
        self, kv: DeviceKVCache, past: int, token_ids: Sequence[int], plan: RunPlan, want_logits: bool
    ) -> None:
        self._hot.take(kv, past)
        buffers = self._buffers.get(plan.shape, want_logits)
        buffers.write(plan, past, token_ids)
        self._place.inference.run_with_iobinding(buffers.io, self._run_options(plan.shape))
        kv.num_held = past + len(token_ids)

    def _run_options(self, shape: RunShape) -> Any:
        if not self._loaded.captures:
            return None
        usable = self._captures and self._thread == threading.get_ident()
        graph_id = shape.graph_id if usable else NO_GRAPH
        if graph_id not in self._options:
            options = self._place.runtime.RunOptions()
            options.add_run_config_entry(GRAPH_ID, str(graph_id))
            self._options[graph_id] = options
        return self._options[graph_id]

    def _make_room(self) -> bool:
        """Gives memory back that is not needed now; False if there is nothing left to give."""
        shorter = max(SIZES[0], self.prefill_tokens // 2)
        freed = self._hot.release() or shorter < self.prefill_tokens
        self.prefill_tokens = min(self.prefill_tokens, shorter)
        return freed

    def _give_up_graphs(self) -> None:
        self._captures = False

    def _failed(self, error: Exception, past: int, count: int) -> SessionError | DeviceError:
        if is_device_lost(error):
            return DeviceError(f"the GPU does not work any more: {first_line(error)}", RESTART)
        if isinstance(error, SessionError):
            return error
        return SessionError(f"running {count} tokens after {past} failed: {first_line(error)}")

    def _no_room(self, error: Exception) -> GpuMemoryError:
        return GpuMemoryError(f"the GPU's memory ran out: {first_line(error)}")
