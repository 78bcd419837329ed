"""This program's engine as a worker of a comparison, without HTTP: beside peers that are asked over a pipe, too.

python -m glm_lsp.bench.own_worker MODEL-FOLDER THREADS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.models.store import ModelFolder


def main(folder: str, threads: str) -> None:
    """Answers until stdin ends; see `contestant.WorkerContestant`."""
    with Engine.load(ModelFolder.load(Path(folder)), threads=int(threads)) as engine:
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
    main(*sys.argv[1:])
