"""`benchmarks/peers/setup.py`, which installs peers: a script of its own that needs nothing but Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp.bench.peer import PEERS, find_peers


def setup(*names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(PEERS / "setup.py"), *names]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_it_lists_every_peer_with_what_it_takes(tmp_path: Path) -> None:
    found = setup()
    assert found.returncode == 0
    for peer in find_peers(PEERS, tmp_path):
        assert any(
            line.startswith(peer.name) and peer.file.takes in line for line in found.stdout.splitlines()
        )


def test_a_name_it_does_not_know_installs_nothing(tmp_path: Path) -> None:
    found = setup("llama_cpp", "nobody")
    assert (found.returncode, found.stdout) == (2, "")
    assert "there is no peer nobody" in found.stderr


def test_only_what_was_set_up_to_the_end_counts_as_installed(tmp_path: Path) -> None:
    folder = tmp_path / "benchmarks" / "peers"
    for name, after in (("whole", "pass"), ("broken", "raise SystemExit(3)")):
        (folder / name).mkdir(parents=True)
        (folder / name / "peer.toml").write_text(
            f'title = "{name}"\nrequirements = ["pip"]\ntakes = "no time"\nafter = "{after}"\nvariants = []\n'
        )
    shutil.copy(PEERS / "setup.py", folder)
    command = [sys.executable, "-I", str(folder / "setup.py")]
    assert subprocess.run([*command, "whole", "broken"], check=False, timeout=120).returncode == 3
    installed = {peer.name: peer.is_installed for peer in find_peers(folder, tmp_path)}
    assert installed == {"broken": False, "whole": True}


@pytest.mark.parametrize("worker", sorted(PEERS.glob("*/worker.py")), ids=lambda path: path.parent.name)
def test_workers_need_nothing_of_this_project(worker: Path) -> None:
    assert "glm_lsp" not in worker.read_text("utf-8")
    compile(worker.read_text("utf-8"), str(worker), "exec")
