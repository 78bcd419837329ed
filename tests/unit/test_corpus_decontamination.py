"""Evaluation problems planted in library code are found; ordinary code is not touched."""

from __future__ import annotations

import hashlib

import numpy as np

from glm_lsp.train.corpus.decontaminate import MAX_HITS, RUN, blocklist, hits, run_digest
from glm_lsp.train.corpus.tokens import TOKEN

# Written for this test in the manner of a benchmark problem.
PROBLEM = '''def shortest_orbit(planets: list[float], horizon: float) -> float:
    """Among the planets nearer than the horizon, find the one whose orbit closes first and return its
    distance; an empty sky has no orbit at all.
    >>> shortest_orbit([3.5, 1.25, 9.0], 4.0)
    1.25
    """
    nearer = [distance for distance in planets if distance < horizon]
    return min(nearer) if nearer else float("nan")
'''
LIBRARY = '''"""Reading configuration."""

import json
from pathlib import Path


def load(path: Path) -> dict[str, object]:
    """The settings in a file; an empty dictionary when there is none."""
    if not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))
'''


def blocked_runs(text: str) -> frozenset[int]:
    """The digests a blocklist of the text would hold: 6 words of letters in a run, 5 of them different."""
    tokens = TOKEN.findall(text)
    digests = set()
    for start in range(len(tokens) - RUN + 1):
        run = tokens[start : start + RUN]
        words = [token for token in run if token.isalpha()]
        if len(words) >= 6 and len(set(words)) >= 5:
            digests.add(run_digest(run))
    return frozenset(digests)


def test_a_planted_problem_is_found() -> None:
    blocked = blocked_runs(PROBLEM)
    assert hits(LIBRARY + "\n\n" + PROBLEM, blocked) == len(blocked) > MAX_HITS


def test_ordinary_code_has_no_hits() -> None:
    assert hits(LIBRARY, blocked_runs(PROBLEM)) == 0
    assert hits(LIBRARY, blocklist()) == 0


def test_other_indentation_and_line_breaks_do_not_hide_it() -> None:
    blocked = blocked_runs(PROBLEM)
    squeezed = "    " + PROBLEM.replace("\n", "\n    ")
    assert hits(squeezed, blocked) == len(blocked)


def test_every_run_on_a_list_is_looked_up() -> None:
    """Skipping runs with few words must not skip one that a list may hold."""
    edge = "a b c d e e 1 2 3 ( ) [ ]"  # six words, five different: the least a list holds
    assert hits(edge, frozenset([run_digest(edge.split())])) == 1


def test_short_texts() -> None:
    assert hits("", blocklist()) == 0
    assert hits("import os", blocklist()) == 0


def test_digest_is_little_endian_blake2b() -> None:
    digest = hashlib.blake2b(b"a b", digest_size=8).digest()
    assert run_digest(["a", "b"]) == int(np.frombuffer(digest, dtype="<u8")[0])


def test_packaged_list() -> None:
    assert len(blocklist()) == 24_901
