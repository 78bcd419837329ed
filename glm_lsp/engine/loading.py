"""What an engine serves a model with, loaded at the start and again, smaller, when the GPU's memory has run out."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import glm_lsp
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.sessions import OpenSession, session_ladder
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import RuntimeLibraryError
from glm_lsp.models.store import ModelFolder


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that can be asked."""

    worker: Worker
    session: OpenSession
    description: EngineDescription


class ModelLoader:
    """Loads one model.

    Args:
        folder: from `ModelStore.resolve`.
        device: where to run.
        threads: for one run; a default fit for the machine when omitted.
        max_slots: files whose KV cache is kept.
        speculates: whether to check guesses of what comes next.
    """

    def __init__(
        self, folder: ModelFolder, *, device: Device, threads: int | None, max_slots: int, speculates: bool
    ) -> None:
        self._folder = folder
        self._max_slots = max_slots
        self._speculates = speculates
        self._ladder = session_ladder(folder, device=device, threads=threads, num_slots=max_slots)
        self._started_at = time.time()

    def load(self) -> Loaded:
        """Opens the model; what was loaded before must be gone, as its memory is wanted.

        Raises:
            ModelError: the folder is damaged, or its tokenizer does not fit its profile.
            RuntimeLibraryError: ONNX Runtime or the device cannot be used, or has no room left.
        """
        session = self._ladder.open()
        worker = Worker.load(self._folder, session, num_slots=self._max_slots, speculates=self._speculates)
        return Loaded(worker, session, self._describe(session, worker.context_length))

    def failed(self, error: RuntimeLibraryError) -> None:
        """The next `load` needs less memory than the one before, or no GPU."""
        self._ladder.failed(error)

    def _describe(self, session: OpenSession, context_length: int) -> EngineDescription:
        manifest = self._folder.manifest
        return EngineDescription(
            model=manifest.name,
            model_hash=self._folder.hash,
            version=glm_lsp.__version__,
            profile=manifest.prompt_profile,
            precision=manifest.precision,
            context_length=context_length,
            copies=manifest.copying is not None,
            chat=bool(manifest.chat_template),
            confidence=manifest.confidence,
            num_slots=self._max_slots,
            device=self._ladder.placement.device,
            note=self._ladder.note,
            threads=session.threads,
            pid=os.getpid(),
            started_at=self._started_at,
        )
