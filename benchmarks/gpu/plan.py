"""What is measured on a GPU, in which order; a step whose result is there is not taken again.

    python benchmarks/gpu/plan.py list        # every step and whether it is done
    python benchmarks/gpu/plan.py run         # as many steps as fit into one visit

Each step leaves RESULTS/NAME.json, or RESULTS/NAME.failed with the end of what it said; one that failed is left out
until that file is removed. `run.sh` sets the variables that say where and how: see there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

KEPT_CHARS = 4000

MEMORY_MIB = 4096
"""Of KV caches: a shape's is long, and a person has several files in hand."""

_RESERVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and how it is measured."""

    results: Path
    work: Path
    device: str = "cuda"
    shapes: tuple[str, ...] = ("6b", "9b")
    capacity: int = 16640
    seconds: float = 3.0
    keys: int = 1000
    requests: int = 10_000
    prompts: int = 100
    peer_prompt: int = 2048
    python: str = sys.executable
    peer_python: str = "python3"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From the variables that `run.sh` sets."""
        given = {key: value for key, value in environment.items() if value}
        device = given.get("DEVICE", "cuda")
        small = device == "cpu"
        return cls(
            results=Path(given["RESULTS"]),
            work=Path(given["WORK"]),
            device=device,
            shapes=tuple(given.get("SHAPES", "6b 9b").split()),
            capacity=int(given.get("CAPACITY", 2560 if small else 16640)),
            seconds=float(given.get("SECONDS_EACH", 0.2 if small else 3)),
            keys=int(given.get("KEYS", 40 if small else 1000)),
            requests=int(given.get("REQUESTS", 200 if small else 10_000)),
            prompts=10 if small else 100,
            peer_prompt=256 if small else 2048,
            peer_python=given.get("PEER_PYTHON", "python3"),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to measure.

    Attributes:
        seconds: it needs, at most; it is not begun when less is left of a visit.
        command: whose standard output is the result, a JSON document.
        before: commands that make what it needs, by the file that says that it is there.
    """

    name: str
    seconds: int
    command: tuple[str, ...]
    before: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)


def steps(settings: Settings) -> Iterator[Step]:
    """All of them, the most telling first."""
    here = str(Path(__file__).parent)
    own = (settings.python, "-m", "glm_lsp")
    yield Step("suite", 360, (settings.python, f"{here}/suite.py", settings.device))
    main, *others = settings.shapes
    model = _model(settings, main, "int4")
    asked = ("env", f"GLM_LSP_DEVICE={settings.device}", f"GLM_LSP_MODEL={model}", *own, "doctor", "--json")
    yield Step("doctor", 120, asked, _shape(settings, main, "int4"))
    yield _engine(settings, main, "int4", 200)
    yield _engine(settings, main, "fp16", 240)
    peer = (settings.peer_python, f"{here}/transformers_peer.py")
    for_peer = ("--device", settings.device, "--lengths", str(settings.peer_prompt))
    config = settings.work / "models" / f"{main}-fp16" / "config.json"
    yield Step(f"peer-{main}", 180, (*peer, str(config), *for_peer), _shape(settings, main, "fp16"))
    yield _typing(settings, main, "int4", 180)
    starter = settings.work / "models" / "starter"
    build = ("glm_lsp.bench.restored", "starter", str(starter), "--activations", "fp16")
    built = {starter / "glm-lsp.json": (settings.python, "-m", *build)}
    place = ("--model", str(starter), "--device", settings.device, "--json")
    typed = (*own, "bench", "typing", *place, "--keys", str(settings.keys * 2))
    yield Step("typing-starter", 240, typed, built)
    guessed = (
        *own,
        "bench",
        "speculation",
        *place,
        "--keys",
        str(settings.keys),
        "--prompts",
        str(settings.prompts),
    )
    yield Step("speculation-starter", 240, guessed, built)
    yield _engine(settings, main, "int4", 300, requests=settings.requests, name=f"endurance-{main}-int4")
    yield Step(
        f"peer-compiled-{main}", 300, (*peer, str(config), *for_peer, "--compile"),
        _shape(settings, main, "fp16"),
    )  # fmt: skip
    for shape in others:
        yield _engine(settings, shape, "int4", 300)
        yield _typing(settings, shape, "int4", 200)
        yield _engine(settings, shape, "fp16", 360)
    yield _engine(settings, main, "int8", 240)


def _model(settings: Settings, shape: str, precision: str) -> Path:
    return settings.work / "models" / f"{shape}-{precision}"


def _shape(settings: Settings, shape: str, precision: str) -> dict[Path, tuple[str, ...]]:
    model = _model(settings, shape, precision)
    command = (settings.python, "-m", "glm_lsp.bench.shapes", shape, str(model), "--precision", precision)
    return {model / "glm-lsp.json": (*command, "--capacity", str(settings.capacity))}


def _engine(
    settings: Settings, shape: str, precision: str, seconds: int, *, requests: int = 0, name: str = ""
) -> Step:
    """`bench engine`; over many requests nothing else is measured for longer than it has to be."""
    command = (
        settings.python, "-m", "glm_lsp", "bench", "engine", "--json", "--starts", "1",
        "--model", str(_model(settings, shape, precision)), "--device", settings.device,
        "--seconds", str(0 if requests else settings.seconds), "--requests", str(requests),
    )  # fmt: skip
    return Step(name or f"engine-{shape}-{precision}", seconds, command, _shape(settings, shape, precision))


def _typing(settings: Settings, shape: str, precision: str, seconds: int) -> Step:
    command = (
        "env",
        f"GLM_LSP_MEMORY_MIB={MEMORY_MIB}",
        settings.python, "-m", "glm_lsp", "bench", "typing", "--json", "--keys", str(settings.keys),
        "--model", str(_model(settings, shape, precision)), "--device", settings.device,
    )  # fmt: skip
    return Step(f"typing-{shape}-{precision}", seconds, command, _shape(settings, shape, precision))


def state(settings: Settings, step: Step) -> str:
    """done, failed or open."""
    if (settings.results / f"{step.name}.json").exists():
        return "done"
    return "failed" if (settings.results / f"{step.name}.failed").exists() else "open"


def run(settings: Settings, visit_s: float) -> int:
    """Takes the open steps in order until the next one does not fit; returns how many are still open."""
    started = time.monotonic()
    settings.results.mkdir(parents=True, exist_ok=True)
    (settings.work / "models").mkdir(parents=True, exist_ok=True)
    is_first = True
    for step in steps(settings):
        if state(settings, step) != "open":
            continue
        left = visit_s - (time.monotonic() - started)
        # What needs longer than a whole visit gets one of its own.
        if left < step.seconds and not is_first:
            break
        take(settings, step, min(step.seconds, left - _RESERVE_S))
        is_first = False
    open_steps = [step.name for step in steps(settings) if state(settings, step) == "open"]
    print(f"left: {', '.join(open_steps)}" if open_steps else "nothing is left", flush=True)
    return len(open_steps)


def take(settings: Settings, step: Step, limit_s: float) -> None:
    """Makes what a step needs, measures, and stores its result or why there is none."""
    began = time.monotonic()
    said = ""
    print(f"{step.name} ...", end=" ", flush=True)
    try:
        for made, command in step.before.items():
            if not made.exists():
                _call(command, limit_s)
        text, said = _call(step.command, limit_s - (time.monotonic() - began), is_measured=True)
        result = json.loads(text)
        if "error" in result:
            raise ValueError(text)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = f"{error}\n{_output(error)}{said}"[-KEPT_CHARS:]
        (settings.results / f"{step.name}.failed").write_text(said, encoding="utf-8")
        print(f"failed after {time.monotonic() - began:.0f} s\n{said[-800:]}", flush=True)
        return
    draft = settings.results / f"{step.name}.json.new"
    draft.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draft.replace(settings.results / f"{step.name}.json")
    print(f"{time.monotonic() - began:.0f} s", flush=True)


def _call(command: tuple[str, ...], limit_s: float, *, is_measured: bool = False) -> tuple[str, str]:
    """What a command said on stdout and on stderr; one that measured may tell by its status that it found a fault."""
    done = subprocess.run(  # noqa: S603  # our own commands
        command, capture_output=True, text=True, timeout=max(1.0, limit_s), check=False
    )
    if done.returncode and not (is_measured and done.stdout.strip()):
        done.check_returncode()
    return done.stdout, done.stderr


def _output(error: Exception) -> str:
    """What a command said before it failed or ran out of time."""
    told = [getattr(error, "stdout", None), getattr(error, "stderr", None)]
    return "\n".join(
        text.decode(errors="replace") if isinstance(text, bytes) else text for text in told if text
    )


def main() -> int:
    """See the module; returns the exit status."""
    settings = Settings.read(os.environ)
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "list":
        for step in steps(settings):
            print(f"{state(settings, step):6}  {step.name}")
        return 0
    if what == "run":
        run(settings, float(os.environ.get("STEP_S", "540")))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
