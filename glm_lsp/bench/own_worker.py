"""This program's engine in a comparison, with one KV slot as every peer has one cache.

    python -m glm_lsp.bench.own_worker MODEL-FOLDER THREADS SOCKET LINGER-SECONDS
    python -m glm_lsp.bench.own_worker MODEL-FOLDER THREADS

The first is `glm-lsp engine` on a socket, whose smallest memory limit has room for several slots of a small model; the
second a worker without HTTP, beside peers that are asked over a pipe, too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from glm_lsp.engine.address import UnixAddress
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.process.run import run_engine
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.models.store import ModelFolder


def main(folder: str, threads: str, socket: str = "", linger_s: str = "0") -> int:
    """Answers until stdin ends, see `contestant.WorkerContestant`, or until the engine is ended; the exit status."""

    def load() -> Engine:
        return Engine.load(ModelFolder.load(Path(folder)), device="cpu", threads=int(threads), max_slots=1)

    if socket:
        return run_engine(load, UnixAddress(Path(socket)), linger_s=float(linger_s))
    with load() as engine:
        _work(engine)
    return 0


def _work(engine: Engine) -> None:
    print(json.dumps({"precision": engine.describe().precision}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        request = CompletionRequest(
            prompt=tuple(asked["prompt"]), max_tokens=asked["num_tokens"], glm=GlmOptions(raw=True)
        )
        chunks = engine.complete(request)
        text = "".join(choice.text for chunk in chunks for choice in chunk.choices)
        print(json.dumps({"text": text}), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
