"""Figures on a GPU by one command: the steps that are taken, what a machine is brought, and the goals."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu" / "run.sh"
BASH = shutil.which("bash") or ""
needs_linux = pytest.mark.skipif(
    sys.platform != "linux" or not all(map(shutil.which, ("bash", "tar", "sha256sum"))),
    reason="the script is for Linux",
)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The modules of benchmarks/gpu, which is no package."""
    names = ("goals", "plan", "report", "requirements")
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    for name in names:
        sys.modules.pop(name, None)


def settings_of(gpu: SimpleNamespace, folder: Path, **variables: str) -> Any:
    given = {"RESULTS": str(folder / "results"), "WORK": str(folder / "work"), **variables}
    return gpu.plan.Settings.read(given)


def script(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BASH, str(SCRIPT), *words],
        env={**os.environ, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def said(text: str, status: int = 0) -> tuple[str, ...]:
    return (
        sys.executable,
        "-c",
        f"import sys; print({text!r}); print('talk', file=sys.stderr); sys.exit({status})",
    )


def test_the_most_telling_figures_come_first(gpu: SimpleNamespace, tmp_path: Path) -> None:
    names = [step.name for step in gpu.plan.steps(settings_of(gpu, tmp_path))]
    assert names[:5] == ["suite", "doctor", "engine-6b-int4", "engine-6b-fp16", "peer-6b"]
    assert names.index("engine-9b-int4") > names.index("typing-6b-int4")
    assert len(set(names)) == len(names)
    assert all(step.seconds <= 500 for step in gpu.plan.steps(settings_of(gpu, tmp_path)))


def test_a_step_is_taken_once(
    gpu: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, made = settings_of(gpu, tmp_path), tmp_path / "made"
    make = (sys.executable, "-c", f"open({str(made)!r}, 'x').write('once')")
    planned = [
        gpu.plan.Step("one", 30, said('{"a": 1}'), {made: make}),
        gpu.plan.Step("two", 30, said('{"broken": ["a promise"]}', 1), {made: make}),
        gpu.plan.Step("wrong", 30, said('{"error": {"code": "GLM-303"}}', 1)),
        gpu.plan.Step("mute", 30, said("", 1)),
        gpu.plan.Step(
            "slow", 1, (sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)")
        ),
    ]
    monkeypatch.setattr(gpu.plan, "steps", lambda _: iter(planned))
    assert gpu.plan.run(settings, 120) == 0
    assert capsys.readouterr().out.strip().endswith("nothing is left")
    states = [gpu.plan.state(settings, step) for step in planned]
    assert states == ["done", "done", "failed", "failed", "failed"]
    assert json.loads((settings.results / "one.json").read_text()) == {"a": 1}
    assert "GLM-303" in (settings.results / "wrong.failed").read_text()
    assert "talk" in (settings.results / "mute.failed").read_text()
    assert "begun" in (settings.results / "slow.failed").read_text()
    # What is there is not measured again; what failed is tried again when its file is gone.
    (settings.results / "mute.failed").unlink()
    before = (settings.results / "one.json").stat().st_mtime_ns
    assert gpu.plan.run(settings, 120) == 0
    assert capsys.readouterr().out.startswith("mute ...")
    assert (settings.results / "one.json").stat().st_mtime_ns == before


def test_a_step_that_does_not_fit_waits_for_the_next_visit(
    gpu: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(gpu, tmp_path)
    planned = [gpu.plan.Step(name, 60, said("{}")) for name in ("one", "two")]
    monkeypatch.setattr(gpu.plan, "steps", lambda _: iter(planned))
    assert gpu.plan.run(settings, 40) == 1  # the first one is tried whatever there is
    assert "left: two" in capsys.readouterr().out
    assert gpu.plan.run(settings, 40) == 0


def test_a_rehearsal_is_small(gpu: SimpleNamespace, tmp_path: Path) -> None:
    small, real = settings_of(gpu, tmp_path, DEVICE="cpu"), settings_of(gpu, tmp_path)
    assert small.requests < real.requests == 10_000
    assert (small.capacity, real.capacity) == (2560, 16640)
    assert settings_of(gpu, tmp_path, DEVICE="cpu", KEYS="7", SHAPES="tiny").keys == 7


def test_what_is_brought_is_for_cuda_and_holds_no_library_of_nvidia(gpu: SimpleNamespace) -> None:
    lines = gpu.requirements.requirements((ROOT / "pyproject.toml").read_text("utf-8"))
    assert any(line.startswith("onnxruntime-gpu>=") for line in lines)
    assert not any(line.startswith("onnxruntime>=") or "[" in line for line in lines)
    assert {"pytest", "psutil"} <= {line.partition(">")[0] for line in lines}


def engine(step_ms: float, floor_ms: float, cold: float, warm: float) -> dict[str, Any]:
    def spread(ms: float) -> dict[str, float]:
        return {"p50": ms, "p95": ms * 2, "p99": ms * 2}

    prompt = {
        "cold_ms": spread(cold), "warm_ms": spread(warm), "answer_ms": spread(warm * 4),
        "cold_over_warm": {"value": cold / warm},
    }  # fmt: skip
    decode = {"step_ms": spread(step_ms), "memory_floor_ms": floor_ms}
    return {
        "environment": {
            "gpu": "a GPU", "device": "cuda", "processor": "p", "cores": 1, "onnxruntime": "1",
            "glm_lsp": "0", "commit": None, "date": "2026-01-01",
        },
        "figures": {
            "decode": {"weight_bytes": 2e9, "memory_gb_s": 1000, "by_past": {"256": decode, "2048": decode}},
            "first_token": {"by_prompt": {"2048": prompt, "8192": prompt}},
            "verification": {"by_tokens": {"2": {"step_ms": spread(step_ms), "over_single": {"value": 1.1}}}},
            "cancel": {"by_phase": {"reading": spread(2)}},
            "stream": {"chars_per_s": spread(1200)},
            "memory_mib": {"process": 900.0, "device": 4096.0},
        },
    }  # fmt: skip


def test_goals_are_met_missed_or_not_measured(gpu: SimpleNamespace) -> None:
    results = {
        "engine-6b-int4": engine(2.0, 0.8, 100, 5),
        "engine-6b-fp16": engine(4.0, 2.0, 100, 5),
        "peer-6b": {"by_prompt": {"2048": {"answer_ms": 100, "cached_answer_ms": 50}}},
    }
    found = {goal.name: goal for goal in gpu.goals.judge(results)}
    assert found["P2"].is_met
    assert found["P4"].is_met
    assert found["P5"].is_met is False  # 20 times at 8,192 tokens
    assert found["P8"].is_met is False  # half of the floor's speed in fp16 is not enough, 40 % in int4 is
    assert "fp16 0.5" in found["P8"].found
    assert found["P9"].is_met is False
    assert found["P10"].is_met
    assert found["P12"].is_met
    assert {name for name, goal in found.items() if goal.is_met is None} >= {
        "tests",
        "P1",
        "P6",
        "P7",
        "memory",
    }
    results["suite"] = {"failed": 0, "passed": 0, "cut_off": False}
    assert gpu.goals.judge(results)[0].is_met is False  # none of no tests is not all
    results["suite"] = {"failed": 0, "passed": 9, "cut_off": False}
    assert gpu.goals.judge(results)[0].is_met
    results["suite"] = {"failed": 0, "passed": 9, "cut_off": True}
    assert gpu.goals.judge(results)[0].is_met is False


@needs_linux
def test_the_table_says_what_there_is(tmp_path: Path) -> None:
    assert "Nothing has been measured yet" in script("table", RESULTS=str(tmp_path)).stdout
    (tmp_path / "engine-6b-int4.json").write_text(json.dumps(engine(2.0, 0.8, 100, 5)), encoding="utf-8")
    (tmp_path / "peer-6b.failed").write_text("Traceback\nNo module named 'torch'\n", encoding="utf-8")
    done = script("table", RESULTS=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "rehearsal" not in done.stdout
    assert "| 6b-int4 | 2048 | 4 | 2.00 | 1,000 | 0.8 | 2 | 500 | 40% |" in done.stdout
    assert "| P4 | first token of a new prompt: p50 at most 120 ms | met | p50 100 |" in done.stdout
    assert "peer-6b: No module named 'torch'" in done.stdout


@needs_linux
def test_the_script_is_well_formed_and_explains_itself() -> None:
    subprocess.run([BASH, "-n", str(SCRIPT)], check=True)
    told = script()
    assert told.returncode == 2
    assert "arrive N" in told.stdout


@needs_linux
def test_parts_that_are_damaged_or_missing_are_not_used(tmp_path: Path) -> None:
    carry, work = tmp_path / "carry", tmp_path / "work"
    sums = ""
    for number, data in ((1, b"one"), (2, b"two")):
        (carry / str(number)).mkdir(parents=True)
        (carry / str(number) / f"part.0{number}").write_bytes(data)
        sums += f"{hashlib.sha256(data).hexdigest()}  part.0{number}\n"
    for number in (1, 2):
        (carry / str(number) / "SHA256SUMS").write_text(sums)
    (carry / "2" / "part.02").write_bytes(b"tw0")
    places = {"CARRY": str(carry), "WORK": str(work), "RESULTS": str(tmp_path / "results"), "PYTHON": ""}
    assert "1 of 2" in script("arrive", "1", **places).stdout
    assert script("arrive", "2", **places).returncode != 0
    refused = script("run", **places)
    assert refused.returncode != 0
    assert "arrive" in refused.stdout
    assert not (work / "venv").exists()


@needs_linux
def test_results_come_back_as_one_file(tmp_path: Path) -> None:
    there, here, out = tmp_path / "there" / "gpu", tmp_path / "here" / "gpu", tmp_path / "out"
    there.mkdir(parents=True)
    for name in _open_steps(there):
        (there / f"{name}.failed").write_text("left out", encoding="utf-8")
    (there / "doctor.json").write_text("{}", encoding="utf-8")
    places = {"WORK": str(tmp_path / "work"), "OUT": str(out), "DEVICE": "cpu", "SHAPES": "tiny"}
    done = script("run", RESULTS=str(there), **places)
    assert "nothing is left" in done.stdout, done.stderr
    assert script("keep", str(out / "gpu-results.tar.gz"), RESULTS=str(here), **places).returncode == 0
    assert (here / "doctor.json").read_text() == "{}"


def _open_steps(results: Path) -> list[str]:
    listed = script("list", RESULTS=str(results), WORK=str(results), DEVICE="cpu", SHAPES="tiny").stdout
    return [line.split()[1] for line in listed.splitlines()]


@needs_linux
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_everything_is_rehearsed_on_a_cpu(tmp_path: Path) -> None:
    places = {name: str(tmp_path / name.lower()) for name in ("WORK", "RESULTS", "OUT")}
    # This interpreter has no torch: the peers fail, and nothing else may.
    done = script("all", DEVICE="cpu", SHAPES="tiny", PEER_PYTHON=sys.executable, **places)
    assert done.returncode == 0, done.stderr
    assert "nothing is left" in done.stdout
    failed = {path.stem for path in (tmp_path / "results").glob("*.failed")}
    assert failed <= {"peer-tiny", "peer-compiled-tiny"}
    assert "A rehearsal on a CPU" in done.stdout
    goals = [line for line in done.stdout.splitlines() if line.startswith("| P") and "goal" not in line]
    assert not [line for line in goals if "not measured" in line and not line.startswith(("| P5", "| P9"))]
