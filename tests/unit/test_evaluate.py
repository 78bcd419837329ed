"""Bits per byte and held-out lines, on models whose answer is known beforehand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from glm_lsp.engine.session import Scores
from glm_lsp.errors import InputError
from glm_lsp.evaluate import bits_per_byte, lines
from tests.fakes.fake_core import byte_tokenizer, fake_core
from tests.fakes.fake_session import FakeKV

VOCAB = 262
TEXT = "def area(radius):\n    return 3.14 * radius ** 2\n" * 30


class UniformSession:
    """Every token is as likely as any other; notes which rows it was asked to score."""

    capacity = 256
    vocab_size = VOCAB

    def __init__(self) -> None:
        self.scored = 0

    def new_kv(self) -> FakeKV:
        return FakeKV(self.capacity)

    def run(
        self, kv: object, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        assert past == 0
        assert len(token_ids) < self.capacity
        self.scored += num_scored
        nothing = np.zeros((num_scored, 8))
        logits = np.full((num_scored, VOCAB), 3.5, np.float32)
        return Scores(
            np.zeros(num_scored, np.int64), nothing.astype(np.int64), nothing.astype(np.float32), logits
        )


def test_a_uniform_model_needs_log2_of_the_vocabulary() -> None:
    session = UniformSession()
    files = [("a.py", "python", TEXT), ("b.py", "python", "x = 'é'\n")]
    result = bits_per_byte.measure(session, byte_tokenizer(), "codegeex4", 256, files)
    total = len(TEXT.encode()) + len("x = 'é'\n".encode())
    assert result.num_bytes == result.num_tokens == session.scored == total
    assert result.value == pytest.approx(math.log2(VOCAB))
    assert result.perplexity == pytest.approx(VOCAB)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 25, 100])
def test_windows_score_every_token_once_with_half_a_window_before_it(length: int) -> None:
    ids = list(range(length))
    scored: list[int] = []
    for number, (window, new) in enumerate(bits_per_byte.windows(ids, 10)):
        assert len(window) <= 10
        assert number == 0 or len(window) - new >= 5
        scored += window[-new:]
    assert scored == ids


def test_line_tasks_put_together_are_the_file() -> None:
    tasks = lines.draw_tasks([("a.py", "python", TEXT)], 50, seed=1)
    assert tasks == lines.draw_tasks([("a.py", "python", TEXT)], 50, seed=1)
    assert len(tasks) == 50
    for task in tasks:
        whole = task.prefix + task.wanted
        assert whole in TEXT
        assert whole + task.suffix in TEXT or whole + "\n" + task.suffix in TEXT
        assert task.language == "Python"


def test_scores_of_noise_are_low_and_of_the_truth_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = lines.draw_tasks([("a.py", "python", TEXT)], 5, seed=2)
    with fake_core() as engine:
        noise = lines.measure(engine, tasks, with_suffix=True)
        assert noise.exact_match == 0
        assert noise.edit_similarity < 0.6
        monkeypatch.setattr(lines, "complete", lambda engine, task, with_suffix: task.wanted + "  ")
        truth = lines.measure(engine, tasks, with_suffix=False)
    assert (truth.exact_match, truth.edit_similarity, truth.num_tasks) == (1, 1, 5)


def test_a_corpus_split_is_sampled_evenly(tmp_path: Path) -> None:
    path = tmp_path / "valid.jsonl"
    documents = [
        {"package": "p", "path": f"{i}.py", "language": "python", "text": "x" * 100} for i in range(50)
    ]
    path.write_text("\n".join(map(json.dumps, documents)))
    files = bits_per_byte.held_out_files(path, 1000)
    assert [name for name, _, _ in files] == [f"{i}.py" for i in range(0, 50, 5)]


@pytest.mark.parametrize("content", ["not json", '{"no": "text"}', "[1]"])
def test_what_is_not_a_split_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "valid.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match=r"valid\.jsonl"):
        bits_per_byte.held_out_files(path, 1000)
