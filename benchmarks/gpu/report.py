"""The results of a visit as the tables of docs/gpu.md, and which of the goals for a GPU are met.

    python benchmarks/gpu/report.py [RESULTS]      # Markdown; needs nothing but Python

What was not measured is said to be so; a goal without its figures is neither met nor missed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from goals import MAIN_SHAPE, Goal, judge

RESULTS = Path(__file__).parents[1] / "results" / "gpu"

Results = Mapping[str, Mapping[str, Any]]


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Every result by the name of its step."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def failures(folder: Path) -> str:
    """The steps that failed, with the last line each said."""
    lines = [
        f"- {path.stem}: {(path.read_text('utf-8').strip().splitlines() or ['nothing was said'])[-1][:200]}"
        for path in sorted(folder.glob("*.failed"))
    ]
    return "\n".join(["### Steps that failed", "", *lines]) if lines else ""


def main_shape(results: Results) -> str:
    """The one that the goals are about; another in a rehearsal."""
    shapes = [name.split("-")[1] for name in results if name.startswith("engine-")]
    return MAIN_SHAPE if MAIN_SHAPE in shapes or not shapes else shapes[0]


def report(results: Results) -> str:
    """All tables for which there are figures, and the goals."""
    engines = {
        name.removeprefix("engine-"): each for name, each in results.items() if name.startswith("engine-")
    }
    parts = [_machine(results)]
    if engines:
        parts += [_decode(engines), _first_tokens(engines), _graphs(engines), _checks(engines)]
    parts += [
        _typing(results),
        _peers(results),
        _guessing(results),
        _suite(results),
        goal_table(judge(results, main_shape(results))),
    ]
    return "\n\n".join(part for part in parts if part)


def goal_table(goals: Sequence[Goal]) -> str:
    """One line for each goal."""
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = [(goal.name, goal.says, words[goal.is_met], goal.found or "-") for goal in goals]
    return _table("Goals", ("", "goal", "", "found"), rows)


def _machine(results: Results) -> str:
    about = next((each["environment"] for each in results.values() if "environment" in each), None)
    if about is None:
        return "Nothing has been measured yet."
    rehearsed = (
        "" if about["device"].startswith("cuda") else "**A rehearsal on a CPU**: no goal is about it. "
    )
    parts = (
        about.get("gpu") or about["processor"],
        f"{about['cores']} cores",
        f"onnxruntime {about['onnxruntime']}",
        f"glm-lsp {about['glm_lsp']} at {(about['commit'] or 'an unknown commit')[:10]}",
        about["date"][:10],
    )
    return f"{rehearsed}{', '.join(parts)}."


def _decode(engines: Results) -> str:
    rows = []
    for model, result in engines.items():
        decode, held = result["figures"]["decode"], result["figures"]["memory_mib"].get("device")
        for past, step in _middle(decode["by_past"]):
            found = step["step_ms"]["p50"]
            row = (
                model,
                past,
                _number(held / 1024 if held else None),
                f"{decode['weight_bytes'] / 1e9:.2f}",
                _number(decode["memory_gb_s"]),
                _number(step["memory_floor_ms"]),
                _number(found),
                _number(1e3 / found),
                f"{step['memory_floor_ms'] / found:.0%}",
            )
            rows.append(row)
    header = (
        "model",
        "behind",
        "GiB on the GPU",
        "GB read",
        "GB/s copied",
        "floor ms",
        "step ms",
        "tokens/s",
        "of the floor's speed",
    )
    return _table("A step of one token against the floor", header, rows)


def _first_tokens(engines: Results) -> str:
    rows = [
        (
            model, length, _p(each["cold_ms"]), _p(each["warm_ms"]), _p(each["warm_ms"], "p95"),
            _p(each["answer_ms"]), _p(each["answer_ms"], "p95"), _number(each["cold_over_warm"]["value"]),
        )
        for model, result in engines.items()
        for length, each in result["figures"]["first_token"]["by_prompt"].items()
    ]  # fmt: skip
    header = ("model", "prompt", "new ms", "cached ms", "p95", "16 tokens ms", "p95", "new / cached")
    return _table(
        "From the request to the first token, and a whole answer behind a cached prompt", header, rows
    )


def _graphs(engines: Results) -> str:
    rows = [
        (
            model,
            past,
            _p(step["captured_ms"]),
            _p(step["launched_ms"]),
            _number(step["launched_over_captured"]["value"]),
        )
        for model, result in engines.items()
        if (graphs := result["figures"].get("graphs"))
        for past, step in _middle(graphs["by_past"])
    ]
    header = ("model", "behind", "with CUDA graphs ms", "without ms", "times")
    return _table("What CUDA graphs bring", header, rows)


def _checks(engines: Results) -> str:
    rows = [
        (model, number, _p(each["step_ms"]), _number(each["over_single"]["value"]))
        for model, result in engines.items()
        for number, each in result["figures"]["verification"]["by_tokens"].items()
    ]
    return _table("A step that checks guesses", ("model", "tokens", "ms", "steps of one"), rows)


def _typing(results: Results) -> str:
    rows = []
    for name, result in results.items():
        if name.startswith("typing-"):
            figures = result["figures"]
            sources = figures["latency_by_source_ms"]
            rows += [
                (
                    name.removeprefix("typing-"),
                    source,
                    each["count"],
                    *(_p(each, at) for at in ("p50", "p95", "p99")),
                )
                for source, each in [("all keys", figures["latency_ms"]), *sources.items()]
                if each
            ]
    header = ("model", "answer from", "keys", "p50 ms", "p95", "p99")
    return _table("Keys of the typing trace, through the real server", header, rows)


def _peers(results: Results) -> str:
    rows = [
        (
            result["peer"], result["precision"], length, *(_number(times.get(key)) for key in _PEER_FIGURES),
        )
        for name, result in results.items()
        if name.startswith("peer-")
        for length, times in result["by_prompt"].items()
    ]  # fmt: skip
    header = ("peer", "precision", "prompt", "new ms", "cached ms", "16 tokens ms", "cached ms", "a token ms")
    return _table("The same shape in other programs", header, rows)


_PEER_FIGURES = (
    "first_token_ms", "cached_first_token_ms", "answer_ms", "cached_answer_ms", "decode_ms_per_token",
)  # fmt: skip


def _guessing(results: Results) -> str:
    rows = [
        (
            kind,
            each["requests"],
            each["identical"],
            _number(each["speedup"]["value"]) if each["speedup"] else "-",
        )
        for kind, each in results.get("speculation-starter", {}).get("figures", {}).items()
    ]
    return _table("Guessing ahead, the starter", ("", "requests", "same answers", "times as fast"), rows)


def _suite(results: Results) -> str:
    suite = results.get("suite")
    if suite is None:
        return ""
    rows = [(kind, suite[kind]) for kind in ("passed", "failed", "skipped")]
    if suite["cut_off"]:
        rows.append(("the others", "no time was left"))
    text = _table("Tests on the GPU", ("", "tests"), rows)
    # With other parameters a test mostly fails for the same reason.
    failed = Counter(name.partition("[")[0] for name in suite["tests"]["failed"])
    return "\n".join(
        [text, "", *(f"- failed: `{name}`, {count} times" for name, count in failed.items())]
    ).strip()


def _middle(by_past: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The shortest, the one of 2,048 or the middle, and the longest."""
    names = list(by_past)
    wanted = {names[0], "2048" if "2048" in by_past else names[len(names) // 2], names[-1]}
    return ((name, by_past[name]) for name in names if name in wanted)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Markdown; nothing without rows."""
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return f"### {title}\n\n" + "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _p(distribution: Mapping[str, float] | None, name: str = "p50") -> str:
    return _number(distribution[name]) if distribution else "-"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    print("\n\n".join(filter(None, [report(read(folder)), failures(folder)])))
