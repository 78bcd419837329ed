"""Near duplicates and files too close to held-out ones."""

from __future__ import annotations

import random

import numpy as np
import pytest

from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.tokens import TokenHasher, run_hashes

pytest.importorskip("datasketch")

from glm_lsp.train.corpus.dedup import (
    Fingerprinter,
    HeldOutGuard,
    exact_duplicates,
    jaccard,
    near_duplicates,
)

WORDS = [f"{a}{b}" for a in ("red", "blue", "dim", "old", "far", "raw") for b in ("Car", "Set", "Map", "Log")]


def prose(seed: int, statements: int = 120) -> str:
    """Statements of made-up words, different for each seed."""
    pick = random.Random(seed)
    return "".join(
        f"{pick.choice(WORDS)}_{pick.randrange(999)} = {pick.choice(WORDS)}({pick.choice(WORDS)})\n"
        for _ in range(statements)
    )


def edited(text: str, share: float) -> str:
    """The text with that share of its lines replaced."""
    lines = text.splitlines(keepends=True)
    for place in range(0, len(lines), round(1 / share)):
        lines[place] = f"changed_{place} = other(thing_{place})\n"
    return "".join(lines)


def test_near_duplicates_are_dropped_and_others_kept() -> None:
    maker = Fingerprinter()
    texts = [prose(1), prose(2), edited(prose(1), 0.03), edited(prose(1), 0.5), prose(3)]
    assert near_duplicates([maker.fingerprint(text) for text in texts]) == {2}


def test_licence_headers_do_not_make_files_alike() -> None:
    maker = Fingerprinter()
    header = "".join(f"# {line}\n" for line in prose(9).splitlines())
    short = [header + prose(seed, 4) for seed in (1, 2)]
    assert near_duplicates([maker.fingerprint(text) for text in short]) == set()
    guard = HeldOutGuard([maker.fingerprint(short[0])])
    assert guard.reason(short[1], maker.fingerprint(short[1])) is None


def test_exact_duplicates_keep_the_first() -> None:
    documents = [
        Document(name, "1", "m.py", "MIT", text) for name, text in [("a", "x"), ("b", "x"), ("c", "y")]
    ]
    assert exact_duplicates(documents) == {("b", "m.py")}


def test_copies_of_held_out_files_are_recognised() -> None:
    maker = Fingerprinter()
    held_out = prose(1)
    guard = HeldOutGuard([maker.fingerprint(held_out)])

    def reason(text: str) -> str | None:
        return guard.reason(text, maker.fingerprint(text))

    assert reason(edited(held_out, 0.05)) == "near_held_out"
    excerpt = "".join(held_out.splitlines(keepends=True)[40:52])  # more than 50 tokens
    assert reason(prose(5) + excerpt + prose(6)) == "held_out_window"
    assert reason(prose(5)) is None
    assert reason("x = 1\n") is None


def test_shared_rulers_and_zeros_are_no_copies() -> None:
    maker = Fingerprinter()
    common = "x = 1\n# " + "-" * 80 + "\nzeros = [" + "0, " * 80 + "]\n"
    guard = HeldOutGuard([maker.fingerprint(prose(1) + common)])
    text = prose(2) + common
    assert guard.reason(text, maker.fingerprint(text)) is None


def test_without_held_out_files_nothing_is_close() -> None:
    maker = Fingerprinter()
    assert HeldOutGuard([]).reason(prose(1), maker.fingerprint(prose(1))) is None


@pytest.mark.parametrize("length", [1, 2, 5, 7, 50])
def test_run_hashes_tell_runs_apart(length: int) -> None:
    pick = random.Random(0)
    tokens = [pick.choice("abc") for _ in range(400)]
    runs = run_hashes(TokenHasher().hashes(tokens), length)
    assert len(runs) == len(tokens) - length + 1
    by_hash: dict[int, set[tuple[str, ...]]] = {}
    for start, value in enumerate(runs.tolist()):
        by_hash.setdefault(value, set()).add(tuple(tokens[start : start + length]))
    assert all(len(same) == 1 for same in by_hash.values())
    assert len(by_hash) == len({tuple(tokens[i : i + length]) for i in range(len(runs))})


def test_run_hashes_of_too_few_tokens() -> None:
    assert len(run_hashes(TokenHasher().hashes(["a", "b"]), 3)) == 0


def test_jaccard() -> None:
    left, right = np.array([1, 2, 3], dtype=np.uint64), np.array([2, 3, 4], dtype=np.uint64)
    assert jaccard(left, right) == 0.5
    assert jaccard(left, right[:0]) == 0.0
