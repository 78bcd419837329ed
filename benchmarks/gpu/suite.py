"""The tests that need a GPU, as one JSON document: how many passed, failed and were skipped, and which failed.

    python benchmarks/gpu/suite.py [cpu]      # cpu: the same tests as far as a CPU goes, to rehearse

Only files that hold such tests are read: the others need packages that a machine for measuring may lack.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LIMIT_S = 320
"""After which no further test is begun; what was found until then is told."""


def main() -> int:
    """Prints the document; exit status 0 also where tests fail: that is a result."""
    chosen = "not gpu and not slow and not reference" if sys.argv[1:] == ["cpu"] else "gpu"
    tests = sorted(
        path for path in (CHECKOUT / "tests").rglob("test_*.py") if "mark.gpu" in path.read_text("utf-8")
    )
    with tempfile.TemporaryDirectory() as room:
        report = Path(room) / "report.xml"
        options = f"-q -p no:cacheprovider -W default --timeout 240 --session-timeout {LIMIT_S}".split()
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            chosen,
            *options,
            f"--junitxml={report}",
            *map(str, tests),
        ]
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603  # our own command
            command, cwd=CHECKOUT, capture_output=True, text=True, timeout=LIMIT_S + 30, check=False
        )
        print(done.stdout[-3000:], done.stderr[-1000:], file=sys.stderr)
        if not report.exists():
            return 1
        cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314  # pytest wrote it
    by_kind: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
    for case in cases:
        kinds = {child.tag for child in case}
        kind = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        by_kind[kind].append(f"{case.get('classname')}::{case.get('name')}")
    said = [
        {
            "test": f"{case.get('classname')}::{case.get('name')}",
            "message": (child.get("message") or "")[:600],
        }
        for case in cases
        for child in case
        if child.tag in ("failure", "error")
    ]
    counts = {kind: len(names) for kind, names in by_kind.items()}
    seconds = round(time.monotonic() - started, 1)
    is_cut_off = "session-timeout" in done.stdout
    print(
        json.dumps(
            {
                "command": "suite",
                "cut_off": is_cut_off,
                **counts,
                "tests": by_kind,
                "failures": said,
                "seconds": seconds,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
