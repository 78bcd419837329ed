"""From a repository on the hub to a completion, by two commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.hub_server import Hub, serving
from tests.tiny_model import write_checkpoint

COMMIT = "c" * 40


def run(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "glm_lsp", *arguments],
        env=os.environ | environment, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


@pytest.mark.parametrize("cut", [False, True])
def test_a_model_of_the_hub_completes(tmp_path: Path, cut: bool) -> None:
    folder = write_checkpoint(tmp_path / "checkpoint")
    files = {path.name: path.read_bytes() for path in folder.iterdir()} | {"LICENSE": b"Some Licence\n"}
    source = tmp_path / "add.py"
    source.write_text("def add(left, right):\n    return \n", encoding="utf-8")
    with serving(Hub({COMMIT: files}, COMMIT, card={"license": "apache-2.0"})) as hub:
        environment = {
            "GLM_LSP_HOME": str(tmp_path / "home"), "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": hub.url,
            "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        if cut:
            hub.cut_after["model.safetensors"] = 300_000
        given = (
            "--yes",
            "--json",
            "--name",
            "small",
            "--family",
            "glm-4-hf",
            "--profile",
            "codegeex4",
            "--chat",
            "none",
        )
        imported = run("model", "import", hub.repo_id, *given, environment=environment)
        assert imported.returncode == 0, imported.stderr
        assert json.loads(imported.stdout)["licence"] == "apache-2.0"
        assert "licence: apache-2.0" in imported.stderr
        shown = json.loads(run("model", "show", "small", "--json", environment=environment).stdout)
    assert shown["source"]["description"] == f"{hub.repo_id} at {COMMIT}"
    # From now on no hub is needed.
    completed = run("complete", f"{source}:2:12", "--model", "small", "--json", environment=environment)
    assert completed.returncode == 0, completed.stderr
    assert json.loads(completed.stdout)["num_completion_tokens"] > 0
