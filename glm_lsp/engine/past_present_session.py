"""The standard graph of an exporter, run as our own is: keys and values go in as a past and come out longer.

Such a graph copies the whole past at each step and scores every row it runs, so it is slower; what it says is the same.
The largest entries and log-probabilities, which our own graph gives itself, are computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.rows_check import check_rows
from glm_lsp.engine.session import NO_SCORES, KVCache, ReadsForward, Scores, UnpaddedRuns, check_run
from glm_lsp.errors import SessionError
from glm_lsp.models.store import ModelFolder

NUM_TOP = 8
CHECKED_TOKENS = 32

_PAST, _PRESENT = "past_key_values.", "present."
_GIVEN = {"input_ids", "attention_mask", "position_ids"}

_LEAST_TOKENS = 2
"""As in `onnx_session`: one row is computed by other kernels than several, and differs by a rounding."""


class PastPresentKV:
    """Keys and values f32 [1, kv_heads, P, head_dim] by their name behind "past_key_values.", P growing by the run."""

    def __init__(self, capacity: int, empty: dict[str, Any]) -> None:
        self.capacity = capacity
        self.values = empty
        """As ONNX Runtime holds them, all of one length."""


class PastPresentSession(UnpaddedRuns, ReadsForward):
    """A `Session` on ONNX Runtime's CPU provider; use from one thread. Make one with `open`."""

    def __init__(
        self, runtime: Any, inference: Any, capacity: int, num_ids: int, num_scored_ids: int
    ) -> None:
        self.capacity = capacity
        self.vocab_size = num_scored_ids
        self.threads: int = inference.get_session_options().intra_op_num_threads
        self._runtime = runtime
        self._inference = inference
        self._num_ids = num_ids
        inputs = {value.name: value for value in inference.get_inputs()}
        self._outputs = [value.name for value in inference.get_outputs()]
        self._shapes = {
            name.removeprefix(_PAST): (1, value.shape[1], 0, value.shape[3])
            for name, value in inputs.items()
            if name.startswith(_PAST)
        }
        self._takes_positions = "position_ids" in inputs
        _check_graph(inputs, self._outputs, self._shapes)

    @classmethod
    def open(
        cls,
        folder: ModelFolder,
        *,
        device: Device = "auto",
        threads: int | None = None,
        capacity: int | None = None,
        allow_spinning: bool = True,
    ) -> PastPresentSession:
        """Checks the model's files and loads it; arguments and errors are those of `OnnxSession.open`."""
        runtime = onnx_runtime.import_onnxruntime()
        onnx_runtime.check_device(device)
        capacity = onnx_runtime.usable_capacity(folder, capacity)
        onnx_runtime.check_files(folder)
        options = onnx_runtime.session_options(runtime, threads, allow_spinning)
        inference = onnx_runtime.load(runtime, folder.graph_path, options)
        num_ids, num_scored_ids = folder.config.vocab_size, folder.manifest.vocab_size
        return cls(runtime, inference, capacity, num_ids, num_scored_ids)

    @property
    def providers(self) -> list[str]:
        """The execution providers ONNX Runtime really uses, first choice first."""
        return list(self._inference.get_providers())

    def new_kv(self) -> PastPresentKV:
        """See `Session.new_kv`."""
        empty = {name: self._value(np.zeros(shape, np.float32)) for name, shape in self._shapes.items()}
        return PastPresentKV(self.capacity, empty)

    def run(
        self,
        kv: KVCache,
        past: int,
        token_ids: Sequence[int],
        num_scored: int,
        *,
        want_logits: bool = False,
    ) -> Scores:
        """See `Session.run`."""
        if not isinstance(kv, PastPresentKV):
            raise TypeError(f"{kv!r} was not made by this session")
        check_run(kv.capacity, self._num_ids, past, token_ids, num_scored)
        num_tokens = len(token_ids)
        num_run = max(num_tokens, min(_LEAST_TOKENS, kv.capacity - past))
        feeds = self._feeds(kv, past, [*token_ids, *[0] * (num_run - num_tokens)])
        try:
            values = self._inference.run_with_ort_values(self._outputs, feeds)
        except Exception as error:  # ONNX Runtime raises classes of its own and bare RuntimeError
            raise SessionError(f"running {num_tokens} tokens after {past} failed: {error}") from error
        found = dict(zip(self._outputs, values, strict=True))
        kv.values = {name: found[_PRESENT + name] for name in self._shapes}
        if num_scored == 0:
            return NO_SCORES
        rows = found["logits"].numpy()[0, num_tokens - num_scored : num_tokens, : self.vocab_size]
        return _scores(rows, want_logits)

    def self_check(self, tolerance: float = 0.05) -> float:
        """See `check_rows`.

        Raises:
            SessionError: the difference is above `tolerance`.
        """
        count = min(CHECKED_TOKENS, self.capacity)
        return check_rows(self, [index % self._num_ids for index in range(count)], tolerance)

    def _feeds(self, kv: PastPresentKV, past: int, token_ids: list[int]) -> dict[str, Any]:
        end = past + len(token_ids)
        feeds = {
            "input_ids": self._value(np.array([token_ids], np.int64)),
            "attention_mask": self._value(np.ones((1, end), np.int64)),
        }
        if self._takes_positions:
            feeds["position_ids"] = self._value(np.arange(past, end, dtype=np.int64)[None])
        for name, value in kv.values.items():
            feeds[_PAST + name] = self._of_length(value, past)
        return feeds

    def _of_length(self, value: Any, length: int) -> Any:
        """Keys or values of the first `length` positions; those that were never run are zeros."""
        there = value.shape()[2]
        if there == length:
            return value
        held = value.numpy()[:, :, :length]
        missing = max(0, length - there)
        return self._value(np.pad(held, ((0, 0), (0, 0), (0, missing), (0, 0))) if missing else held)

    def _value(self, array: NDArray[Any]) -> Any:
        return self._runtime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


def _check_graph(inputs: dict[str, Any], outputs: list[str], shapes: dict[str, Any]) -> None:
    """Whether this is the graph that exporters agree on, in fp32.

    Raises:
        SessionError: it is not.
    """
    names = {name for name in inputs if not name.startswith(_PAST)}
    wanted = {"logits", *(_PRESENT + name for name in shapes)}
    if not shapes or not {"input_ids", "attention_mask"} <= names <= _GIVEN or wanted != set(outputs):
        raise SessionError(f"the graph is none with a past and a present: it takes {', '.join(inputs)}")
    for name, shape in shapes.items():
        value = inputs[_PAST + name]
        if value.type != "tensor(float)" or not all(isinstance(size, int) for size in shape):
            raise SessionError(
                f"{value.name} is {value.type} {value.shape}, not fp32 of a fixed number of heads"
            )


def _scores(rows: NDArray[np.float32], want_logits: bool) -> Scores:
    """Best id, eight best and their log-probabilities of each row of logits [R, V]."""
    best = np.argpartition(rows, -NUM_TOP, axis=1)[:, -NUM_TOP:]
    # Of equal ones the smaller id comes first, as in our own graph.
    best.sort(axis=1)
    order = np.argsort(-np.take_along_axis(rows, best, axis=1), axis=1, kind="stable")
    top_ids = np.take_along_axis(best, order, axis=1).astype(np.int64)
    top = np.take_along_axis(rows, top_ids, axis=1)
    sums = np.exp(rows - top[:, :1]).sum(axis=1, keepdims=True)
    top_logprobs = (top - top[:, :1] - np.log(sums)).astype(np.float32)
    return Scores(rows.argmax(axis=1), top_ids, top_logprobs, rows if want_logits else None)
