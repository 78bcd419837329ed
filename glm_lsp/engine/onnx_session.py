"""A model of our own fused graph, loaded into ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.blank import BlankTokens
from glm_lsp.engine.onnx_kv_cache import OnnxKVCache
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.rows_check import check_rows
from glm_lsp.engine.session import InterruptedRunError, KVCache, Scores, UnpaddedRuns, check_run
from glm_lsp.engine.watch import Watch
from glm_lsp.errors import DeviceError, SessionError
from glm_lsp.models.manifest import WEIGHT_FILE
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.store import ModelFolder

MAX_KEPT_TOKENS = 32
"""Runs of up to this many tokens keep their bindings; a longer run takes far longer than binding does."""

MAX_KEPT_BINDINGS = 96
"""Of one KV cache; the oldest goes. Steps with guesses come in many shapes."""

_ROW_BLOCK = 128
"""A single token, or one behind a whole number of such blocks, is run with another one behind it, whose result nobody
sees. One row is computed with other kernels than several, and differs by a rounding that quantised activations magnify;
with two rows at least, what is said about a token does not depend on how many are run with it. On the CPU this costs a
twentieth of a step."""

LIGHT_TOKENS = 24
LIGHT_BYTES = 64 * 2**20
"""Runs of up to so many tokens of a model with weights up to so large are done by one thread, on a second copy of it.
Between two keys the other threads fall asleep, and waking them takes longer than such a run: 0.15 s after the last one,
ten tokens behind a cached prompt took 11.5 ms on two threads and 8 ms on one, and their slowest tenth 30 and 16. Back
to back two threads would be faster, but nobody types like that."""


_KV_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
"""Keys and values by the type ONNX Runtime gives the graph's inputs."""


class _Binding:
    """Inputs and outputs of one run shape, bound once to arrays that are changed in place."""

    def __init__(  # noqa: PLR0917
        self,
        session: OnnxSession,
        kv: OnnxKVCache,
        num_run: int,
        first_scored: int,
        num_scored: int,
        want_logits: bool,
    ) -> None:
        self.token_ids = np.zeros((1, num_run), np.int64)
        self.last_position = np.zeros(1, np.int32)
        top_ids = np.zeros((1, num_scored, session.num_top), np.int64)
        top_logprobs = np.zeros((1, num_scored, session.num_top), np.float32)
        next_ids = np.zeros((1, num_scored), np.int64)
        logits = session.logits_rows(num_scored) if want_logits else None
        inputs = {
            "input_ids": self.token_ids,
            "seqlens_k": self.last_position,
            "total_seq": np.array([kv.num_held], np.int32),
            "sel": np.arange(first_scored, first_scored + num_scored, dtype=np.int64),
        }
        self.positions = np.zeros((1, 2, num_run), np.int64)
        self.num_context = np.zeros(1, np.int32)
        if session.blanks:
            inputs |= {"position_ids": self.positions, "num_context": self.num_context}
        outputs = {"next": next_ids, "top_i": top_ids, "top_v": top_logprobs}
        if logits is not None:
            outputs["logits"] = logits[None]
        self.io = session.bind(kv, inputs, outputs)
        self.scores = Scores(next_ids[0], top_ids[0], top_logprobs[0], logits)


class OnnxSession(UnpaddedRuns):
    """A `Session` on ONNX Runtime's CPU provider; use from one thread. Make one with `open`."""

    def __init__(  # noqa: PLR0917
        self,
        runtime: Any,
        inference: Any,
        light: Any,
        capacity: int,
        num_ids: int,
        blanks: BlankTokens | None = None,
    ) -> None:
        self.capacity = capacity
        self.blanks = blanks
        """Of models that read their context in both directions."""
        self.threads: int = inference.get_session_options().intra_op_num_threads
        self._runtime = runtime
        self._inference = inference
        self._light = light
        """For short runs; the same graph on one thread, or `inference` itself."""
        self._num_ids = num_ids
        shapes = {value.name: value.shape for value in (*inference.get_inputs(), *inference.get_outputs())}
        self.vocab_size: int = shapes["logits"][2]
        self.num_top: int = shapes["top_i"][2]
        self._num_layers = sum(name.startswith("past.") for name in shapes) // 2
        _, self._num_heads, _, self._head_dim = shapes["past.0.k"]
        self._kv_dtype = _KV_DTYPES[next(v.type for v in inference.get_inputs() if v.name == "past.0.k")]
        self._run_options: Any = None
        self._logits: NDArray[np.float32] = np.zeros((0, self.vocab_size), np.float32)

    @classmethod
    def open(
        cls,
        folder: ModelFolder,
        *,
        device: Device = "auto",
        threads: int | None = None,
        capacity: int | None = None,
        allow_spinning: bool = True,
    ) -> OnnxSession:
        """Checks the model's files and loads it.

        Args:
            threads: CPU threads of one run; the physical cores, at most 4, when omitted.
            capacity: tokens a KV cache holds; the most the model was built for when omitted.
            allow_spinning: waiting threads spin briefly before they sleep, which is faster.

        Raises:
            OnnxRuntimeMissingError, OnnxRuntimeConflictError, DeviceError: see the classes.
            ModelFileError: a file of the model is missing, altered, or outside its folder.
            ContextOverflowError: `capacity` is more than the model was built for.
            SessionError: ONNX Runtime refuses the graph.
        """
        runtime = onnx_runtime.import_onnxruntime()
        onnx_runtime.check_device(device)
        if folder.manifest.activations == "bf16":
            raise DeviceError(
                f"{folder.manifest.name} computes in bf16, for which the CPU has no kernels",
                f"Import it again for the CPU: glm-lsp model import ... --name {folder.manifest.name} --replace "
                "--device cpu",
            )
        capacity = onnx_runtime.usable_capacity(folder, capacity)
        onnx_runtime.check_files(folder)
        options = onnx_runtime.session_options(runtime, threads, allow_spinning)
        light = inference = onnx_runtime.load(runtime, folder.graph_path, options)
        weights = folder.manifest.files.get(WEIGHT_FILE)
        if options.intra_op_num_threads > 1 and weights and weights.bytes <= LIGHT_BYTES:
            options = onnx_runtime.session_options(runtime, 1, allow_spinning)
            light = onnx_runtime.load(runtime, folder.graph_path, options)
        config = folder.config
        blanks = BlankTokens.of(config) if isinstance(config, PrefixLmConfig) else None
        try:
            return cls(runtime, inference, light, capacity, config.vocab_size, blanks)
        except (KeyError, IndexError, ValueError) as error:
            raise SessionError(f"{folder.graph_path} is not a graph of this program: no {error}") from error

    @property
    def providers(self) -> list[str]:
        """The execution providers ONNX Runtime really uses, first choice first."""
        return list(self._inference.get_providers())

    def new_kv(self) -> OnnxKVCache:
        """See `Session.new_kv`."""
        grows = self.blanks is not None
        return OnnxKVCache(
            self._num_layers,
            self._num_heads,
            self.capacity,
            self._head_dim,
            dtype=self._kv_dtype,
            grows=grows,
        )

    def reusable(self, token_ids: Sequence[int], num_shared: int) -> int:
        """See `Session.reusable`."""
        return self.blanks.reusable(token_ids, num_shared) if self.blanks else num_shared

    def inseparable(self, token_ids: Sequence[int]) -> int:
        """See `Session.inseparable`."""
        return self.blanks.inseparable(token_ids) if self.blanks else 0

    @contextmanager
    def interruptible(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """See `Session.interruptible`."""
        if self.blanks is None:
            yield
            return
        self._run_options = options = self._runtime.RunOptions()
        try:
            with Watch(cancelled, lambda: setattr(options, "terminate", True)):
                yield
        finally:
            self._run_options = None

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
        if not isinstance(kv, OnnxKVCache):
            raise TypeError(f"{kv!r} was not made by this session")
        check_run(kv.capacity, self._num_ids, past, token_ids, num_scored)
        num_tokens = len(token_ids)
        num_run = min(num_tokens + (num_tokens % _ROW_BLOCK == 1), kv.capacity - past)
        kv.reserve(past + num_run, past)
        binding = self._binding(kv, num_run, num_tokens - num_scored, num_scored, want_logits)
        binding.token_ids[0, :num_tokens] = token_ids
        binding.last_position[0] = past + num_run - 1
        if self.blanks:
            kv.blank = self.blanks.after(kv.blank, past, token_ids)
            binding.positions[0] = kv.blank.positions(past, num_run)
            binding.num_context[0] = kv.blank.num_context
        try:
            self._for_run(num_run).run_with_iobinding(binding.io, self._run_options)
        except Exception as error:  # ONNX Runtime raises classes of its own and bare RuntimeError
            if self._run_options is not None and self._run_options.terminate:
                raise InterruptedRunError from error
            raise SessionError(f"running {len(token_ids)} tokens after {past} failed: {error}") from error
        return binding.scores

    def self_check(self, tolerance: float = 0.05) -> float:
        """Runs tokens at once and the first eight one by one; returns the largest difference over the logits' range.

        Some processors have had kernels that were right for several rows and wrong for one (onnxruntime
        issue 29853). Costs nine runs, one of them long enough to be done by all threads.

        Raises:
            SessionError: the difference is above `tolerance`.
        """
        count = min(LIGHT_TOKENS + 8, self.capacity)
        token_ids = [index % self._num_ids for index in range(count)]
        if self.blanks:
            # No token of a context can be run alone: all of these are written behind an empty one.
            token_ids = [self.blanks.start, *token_ids[1:]]
        return check_rows(self, token_ids, tolerance)

    def logits_rows(self, count: int) -> NDArray[np.float32]:
        """Where a run of so many scored rows puts its logits, shape [count, V]; the next run may use it, too.

        A row of a large vocabulary is more than half a megabyte: bindings of their own would be dear.
        """
        if count > MAX_KEPT_TOKENS:
            return np.zeros((count, self.vocab_size), np.float32)
        if count > len(self._logits):
            self._logits = np.zeros((min(MAX_KEPT_TOKENS, 2 * count), self.vocab_size), np.float32)
        return self._logits[:count]

    def _for_run(self, num_run: int) -> Any:
        return self._light if num_run <= LIGHT_TOKENS else self._inference

    def bind(self, kv: OnnxKVCache, inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
        """An I/O binding of these arrays; `kv` is both past and present, so that it is written in place."""
        value = self._runtime.OrtValue.ortvalue_from_numpy
        io = self._for_run(inputs["input_ids"].shape[1]).io_binding()
        if not kv.shared:
            kv.shared = [
                (f"{layer}.{name}", value(kv.values[layer, part]))
                for layer in range(self._num_layers)
                for part, name in enumerate("kv")
            ]
        for name, shared in kv.shared:
            io.bind_ortvalue_input(f"past.{name}", shared)
            io.bind_ortvalue_output(f"present.{name}", shared)
        for name, array in inputs.items():
            io.bind_ortvalue_input(name, value(array))
        for name, array in outputs.items():
            io.bind_ortvalue_output(name, value(array))
        return io

    def _binding(
        self, kv: OnnxKVCache, num_run: int, first_scored: int, num_scored: int, want_logits: bool
    ) -> _Binding:
        key = (num_run, first_scored, num_scored, want_logits)
        binding = kv.bindings.get(key)
        if binding is None:
            binding = _Binding(self, kv, *key)
        if num_run <= MAX_KEPT_TOKENS:
            kv.bindings[key] = binding
            kv.bindings.move_to_end(key)
            if len(kv.bindings) > MAX_KEPT_BINDINGS:
                kv.bindings.popitem(last=False)
        return binding
