"""What servers are asked besides the requests: the time of one step, and keys behind long prompts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glm_lsp.bench.arena import everybody
from glm_lsp.bench.contestant import Contestant
from glm_lsp.bench.peer import Material, Peer, Variant
from glm_lsp.bench.restored import with_capacity
from glm_lsp.bench.rounds import SETTLE_S, Job, take_turns
from glm_lsp.bench.servers import OURS, LlamaServer
from glm_lsp.engine.generation import prefill
from glm_lsp.engine.session import Session
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import InputError
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import progress_bar

_ROOM_FOR_ANSWERS = 512
_KEYSTROKES = 20
_KEYSTROKE_TOKENS = 2
_RAW_STEPS = 32
_RAW_ROUNDS = 12


def raw_steps(
    session: Session, contestants: Sequence[Contestant], prompts: Sequence[list[int]]
) -> dict[str, float]:
    """Milliseconds of one decoding step, as the servers themselves measure it; ours straight in the session.

    Nothing is guessed here: one token goes in, one comes out. The first of the prompts counts that a server does not
    end at once; a server that ends them all is left out.
    """
    for one in contestants:
        one.pause()
    telling = [one for one in contestants if isinstance(one, LlamaServer)]
    room = session.capacity - _RAW_STEPS - 1
    prompt = next((ids[:room] for ids in prompts if _is_continued(telling, ids[:room])), prompts[0][:room])
    slot = KVSlot(session.new_kv())
    prefill(session, slot, prompt, lambda: False)
    steps: dict[str, list[float]] = {name: [] for name in (OURS, *(one.name for one in telling))}
    for _ in range(_RAW_ROUNDS):
        time.sleep(SETTLE_S)
        for number in range(_RAW_STEPS):
            began = time.perf_counter()
            session.run(slot.kv, len(prompt) + number, [prompt[number]], 1)
            steps[OURS].append((time.perf_counter() - began) * 1e3)
        for name, (answer,) in take_turns(telling, [Job(prompt, _RAW_STEPS)]).answers.items():
            if answer.token_ids and len(answer.token_ids) > 1:
                steps[name].append(answer.inside_ms["decode"] / len(answer.token_ids))
    return {name: float(np.median(ms)) for name, ms in steps.items() if ms}


def _is_continued(telling: Sequence[Contestant], prompt: list[int]) -> bool:
    """Whether all write at least half of the tokens before an end token."""
    answers = take_turns(telling, [Job(prompt, _RAW_STEPS)]).answers
    return all(len(answer.token_ids or []) * 2 >= _RAW_STEPS for (answer,) in answers.values())


def long_keystrokes(
    folder: ModelFolder,
    ids: Sequence[int],
    peers: Sequence[tuple[Peer, Variant]],
    room: Path,
    *,
    threads: int,
    lengths: Sequence[int],
) -> dict[str, dict[str, float]]:
    """Milliseconds until the first token, at two new tokens behind a prompt of so many that is in the cache.

    All in a copy of the model with room for the prompts: it is slow or fast as any, and what it writes does not count.

    Args:
        ids: of `long_text` for these lengths.

    Raises:
        GlmError: the engine does not start, or a server fails.
    """
    servers = [(peer, variant) for peer, variant in peers if peer.file.server]
    if not lengths:
        return {}
    capacity = max(lengths) + _ROOM_FOR_ANSWERS
    place = room / "long"
    place.mkdir()
    longer = with_capacity(folder, place / "model", capacity)
    material = Material(place / "model-checkpoint", capacity, threads, place)
    found: dict[str, dict[str, float]] = {}
    with everybody(longer, servers, material) as contestants, progress_bar("long prompts") as bar:
        for number, length in enumerate(lengths):
            take_turns(contestants, [Job(list(ids[:length]), 1)])
            keys = [list(ids[: length + key * _KEYSTROKE_TOKENS]) for key in range(1, 1 + _KEYSTROKES)]
            samples = take_turns(contestants, [Job(prompt, 1) for prompt in keys])
            found[str(length)] = {name: float(np.median(ms)) for name, ms in samples.ms.items()}
            bar(number + 1, len(lengths))
    return found


def long_text(tokenizer: SourceTokenizer, lengths: Sequence[int]) -> list[int]:
    """Ids of this program's sources, enough for keystrokes behind prompts of these lengths.

    Raises:
        InputError: there are too few of them.
    """
    num_tokens = max(lengths) + _KEYSTROKES * _KEYSTROKE_TOKENS if lengths else 0
    ids: list[int] = []
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        if len(ids) >= num_tokens:
            break
        ids += tokenizer.encode(path.read_text(encoding="utf-8"))
    if len(ids) < num_tokens:
        raise InputError(
            f"this program's sources have only {len(ids)} tokens",
            "Compare at shorter lengths with --lengths.",
        )
    return ids[:num_tokens]
