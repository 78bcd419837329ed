"""Typing in VS Code, with the page's own clock set right."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from tests.editors.latency.bench import Bench
from tests.editors.latency.passages import Passage
from tests.editors.latency.samples import Figures, Sample, answers, samples
from tests.editors.vscode import CodeServerProcess, Record, VSCode

_SETTINGS = {
    # What a person types is what stands there: no key writes two characters.
    "editor.autoClosingBrackets": "never",
    "editor.autoClosingQuotes": "never",
    "editor.autoIndent": "none",
}
_NUM_CLOCK_READINGS = 30


def measure(bench: Bench, process: CodeServerProcess) -> Figures:
    """Types the passages in a window of VS Code."""
    settings = bench.project / ".vscode" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({**_SETTINGS, "glm.serverPath": str(bench.server)}), encoding="utf-8")
    vscode = VSCode(process)
    try:
        vscode.open(bench.project, bench.passages[0].name)
        _wait_for_engine(vscode, bench.passages[0])
        records = [_type(vscode, passage, bench.gap_s) for passage in bench.passages]
        version = process.version()
    finally:
        vscode.close()
    answered = answers(bench.stamps)
    found: list[Sample] = [each for record in records for each in samples(record, answered)]
    return Figures(f"VS Code {version}", sum(len(each.keys) for each in records), tuple(found))


def _wait_for_engine(vscode: VSCode, passage: Passage) -> None:
    """Types the passage until some of it brings ghost text, and takes it back."""
    vscode.go_to(passage.line, passage.column + 1)

    def is_there() -> bool:
        shown = False
        for key in passage.keys:
            vscode.type(key)
            time.sleep(0.4)
            shown = shown or bool(vscode.ghost_text())
        vscode.press("Escape")
        for _ in passage.keys:
            vscode.press("Backspace")
        return shown

    vscode.until(is_there, "the engine", 120)


def _type(vscode: VSCode, passage: Passage, gap_s: float) -> Record:
    vscode.show(passage.name)
    vscode.go_to(passage.line, passage.column + 1)
    time.sleep(1)
    offset = _clock_offset(vscode)
    with vscode.recorded(lines=False) as record:
        for key in passage.keys:
            vscode.type(key, delay_ms=0)
            time.sleep(gap_s)
    vscode.press("Escape")
    typed = [replace(key, at=key.at - offset) for key in record.keys if len(key.key) == 1]
    return Record(typed, [replace(frame, at=frame.at - offset) for frame in record.frames])


def _clock_offset(vscode: VSCode) -> float:
    """How many ms the page's clock is ahead of this one; of the reading that took least time."""
    readings = []
    for _ in range(_NUM_CLOCK_READINGS):
        before = time.time() * 1000
        shown = vscode.clock()
        after = time.time() * 1000
        readings.append((after - before, shown - (before + after) / 2))
    return min(readings)[1]
