"""The two HTTP servers of a comparison: this program's engine, and llama.cpp's."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glm_lsp.bench.contestant import Answer, HttpContestant, Process, WorkerContestant
from glm_lsp.models.store import ModelFolder
from glm_lsp.paths import HOME_VARIABLE

OURS = "glm-lsp"
OURS_PIPED = "glm-lsp-pipe"
_OWN = (sys.executable, "-P", "-m", "glm_lsp.bench.own_worker")
_LINGER_S = "600"
"""Longer than any pause between requests, and not for ever: nobody ends the engine when this process is killed."""


class OurEngine(HttpContestant):
    """`glm-lsp engine` as editors start it, on a socket and in a home of its own.

    It has one KV slot, for peers have one cache, too.

    Args:
        folder: the model.
        room: an empty folder for socket, logs and caches; its path must be short.
    """

    def __init__(self, folder: ModelFolder, room: Path, threads: int) -> None:
        socket_path = room / "engine.sock"
        process = Process(
            (*_OWN, str(folder.path), str(threads), str(socket_path), _LINGER_S),
            room / "engine.log",
            env={HOME_VARIABLE: str(room / "home")},
        )
        about = {"precision": folder.manifest.precision, "accuracy_level": folder.manifest.accuracy_level.mlp}
        super().__init__(OURS, process, socket_path, health="/healthz", path="/v1/completions", about=about)

    def request(self, token_ids: Sequence[int], num_tokens: int) -> Mapping[str, Any]:
        """Ids as they are: no profile, no stop rules, no healing, no copying."""
        return {"prompt": token_ids, "max_tokens": num_tokens, "glm": {"raw": True}}

    def read(self, reply: Any) -> Answer:
        """Text; ids are not on the wire."""
        timing = reply["glm"]["timing_ms"]
        return Answer(
            text=reply["choices"][0]["text"],
            inside_ms={"prefill": timing["prefill"], "decode": timing["decode"]},
        )


def own_worker(folder: ModelFolder, room: Path, threads: int) -> WorkerContestant:
    """The same engine over a pipe, as peers without a server are asked."""
    command = (*_OWN, str(folder.path), str(threads))
    return WorkerContestant(OURS_PIPED, command, room / f"{OURS_PIPED}.log")


class LlamaServer(HttpContestant):
    """llama.cpp's `llama-server` on a GGUF file, set as its makers would for this use.

    One slot with its prompt cache, threads that wait in a loop, flash attention where it thinks it right, the cheapest
    greedy sampler, and an answer that holds only what is asked for.

    Args:
        binary: `llama-server`.
        gguf: the model.
        room: for socket and log; its path must be short.
        context_length: tokens that prompt and answer take together.
        extra: further options.
    """

    def __init__(
        self,
        name: str,
        binary: Path,
        gguf: Path,
        room: Path,
        *,
        threads: int,
        context_length: int,
        extra: Sequence[str] = (),
        about: Mapping[str, Any] | None = None,
    ) -> None:
        socket_path = room / f"{name}.sock"
        options = (
            "--model", str(gguf), "--host", str(socket_path), "--threads", str(threads),
            "--threads-batch", str(threads), "--threads-http", "2", "--ctx-size", str(context_length),
            "--poll", "100", "--parallel", "1", "--cache-prompt", "--no-webui", "--offline", *extra,
        )  # fmt: skip
        env = {"LD_LIBRARY_PATH": str(binary.parent)}
        process = Process((str(binary), *options), room / f"{name}.log", env=env)
        told = {"precision": "Q8_0", "options": " ".join(extra), **(about or {})}
        super().__init__(name, process, socket_path, health="/health", path="/completion", about=told)

    def request(self, token_ids: Sequence[int], num_tokens: int) -> Mapping[str, Any]:
        """Greedy: one candidate left after one sampler."""
        return {
            "prompt": token_ids,
            "n_predict": num_tokens,
            "temperature": 0,
            "top_k": 1,
            "samplers": ["top_k"],
            "cache_prompt": True,
            "return_tokens": True,
            "response_fields": ["content", "tokens", "timings"],
        }

    def read(self, reply: Any) -> Answer:
        """Ids, and the server's own times."""
        timings = reply["timings"]
        return Answer(
            token_ids=list(reply["tokens"]),
            text=reply["content"],
            inside_ms={"prefill": timings["prompt_ms"], "decode": timings["predicted_ms"]},
        )
