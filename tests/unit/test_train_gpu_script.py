"""The visits to a machine with a GPU, rehearsed on this one's CPU with the smallest recipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp.train.tokenizer import train_tokenizer

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "glm_lsp" / "train" / "gpu.sh"
BASH = shutil.which("bash") or ""
needs_linux = pytest.mark.skipif(
    sys.platform != "linux" or not BASH or not all(map(shutil.which, ("setsid", "xz"))),
    reason="the script is for Linux",
)


def corpus(path: Path, pattern: str) -> Path:
    sources = sorted((ROOT / "glm_lsp").rglob(pattern))
    lines = [
        json.dumps({"package": "p", "path": s.name, "language": "python", "text": s.read_text("utf-8")})
        for s in sources
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Machine:
    """Runs the script with its folders somewhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            **{name.upper(): str(folder / name) for name in ("carry", "state", "out")},
            **{"RECIPE": "smoke", "PYTHON": sys.executable, "DEVICE": "cpu", "PLAN_SECONDS": "100000"},
            **{"SELFTEST_OPTIONS": "--device cpu --steps 1 --eager", "RESERVE_SECONDS": "10"},
            "TRAIN_OPTIONS": "--workers 1 --threads 1 --set valid_bytes=2000 --set valid_every_s=5",
        }

    def run_until_weights(self, visit: str) -> None:
        """A busy machine may not have begun to train when its visit is over; the next goes on."""
        before = self.weights()["step"] if (self.folder / "out" / "weights.json").exists() else 0
        for attempt in range(6):
            environment = {**self.environment, "VISIT_SECONDS": "40"}
            again = visit if attempt == 0 else "bring"
            done = subprocess.run([BASH, str(SCRIPT), again], env=environment, check=False)
            if done.returncode == 0 and self.weights()["step"] > before:
                return
        pytest.fail("no weights after six visits")

    def run(self, *words: str, visit: int) -> str:
        environment = {**self.environment, "VISIT_SECONDS": str(visit)}
        done = subprocess.run(
            [BASH, str(SCRIPT), *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self, *files: Path) -> None:
        self.run("prepare", *map(str, files), visit=60)

    def weights(self) -> dict[str, object]:
        self.run("join", str(self.folder / "out"), str(self.folder / "back"), visit=60)
        from glm_lsp.train import checkpoint

        return checkpoint.read(self.folder / "back" / "weights.pt")["progress"]


@needs_linux
def test_the_script_is_well_formed_and_explains_itself() -> None:
    subprocess.run([BASH, "-n", str(SCRIPT)], check=True)
    told = subprocess.run([BASH, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "Step by step" in told.stdout


@needs_linux
def test_what_does_not_fit_is_not_taken_along(tmp_path: Path) -> None:
    train_tokenizer(iter(["x = 1\n"] * 9), 400).save(str(tmp_path / "tokenizer.json"))
    valid = corpus(tmp_path / "valid.jsonl", "errors.py")
    (tmp_path / "part.jsonl.xz").write_bytes(os.urandom(56_000_000))
    words = [BASH, str(SCRIPT), "prepare", str(tmp_path / "tokenizer.json"), str(valid)]
    environment = Machine(tmp_path).environment
    done = subprocess.run([*words, str(tmp_path / "part.jsonl.xz")], env=environment, check=False)
    assert done.returncode != 0


@needs_linux
@pytest.mark.reference
@pytest.mark.timeout(900)
def test_three_visits(tmp_path: Path) -> None:
    tokenizer, valid = tmp_path / "tokenizer.json", corpus(tmp_path / "valid.jsonl", "c*.py")
    train_tokenizer((path.read_text("utf-8") for path in ROOT.glob("glm_lsp/*.py")), 512).save(str(tokenizer))
    machine = Machine(tmp_path)
    try:
        machine.prepare(tokenizer, valid, corpus(tmp_path / "one.jsonl", "s*.py"))
        machine.run_until_weights("a")
        first = machine.weights()
        assert first["step"] > 0
        machine.prepare(tokenizer, valid, corpus(tmp_path / "two.jsonl", "t*.py"))
        machine.run_until_weights("b")
        second = machine.weights()
        assert second["step"] > first["step"]
        assert len(list((tmp_path / "state" / "corpus").iterdir())) == 2
        assert "training" in machine.run("status", visit=60)
        machine.run("c", visit=50)
        last = machine.weights()
        assert last["decay_seconds"] is not None
        assert last["seconds"] >= last["decay_began"] + last["decay_seconds"]
        assert json.loads((tmp_path / "out" / "heldout.json").read_text())["bpb"] < 8
        assert "not training" in machine.run("status", visit=60)
    finally:
        machine.run("stop", visit=60)
