"""Other files of a workspace, through the real server and the starter: what is used, and what must never be."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.cli_process import make_home
from tests.e2e.lsp_client import LspClient

pytestmark = pytest.mark.asyncio(loop_scope="module")
CANARY = "canary_7c1f9e"
SHAPES = "".join(
    f"def area_of_{name}(width, height):\n"
    f"    scaled_{name} = width * height * factor_{name}\n"
    f"    return scaled_{name}\n\n\n"
    for name in ("square", "circle", "hexagon")
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "drawing").mkdir(parents=True)
    (folder / "drawing" / "shapes.py").write_text(SHAPES)
    (folder / "drawing" / "left_out.py").write_text(f"{CANARY} = 1\n" + SHAPES)
    (folder / "drawing" / ".env.py").write_text(f"{CANARY} = 2\n" + SHAPES)
    (folder / "drawing" / "built.py").write_text(f"{CANARY} = 3\n" + SHAPES)
    (folder / ".glmignore").write_text("left_out.py\n")
    (folder / ".gitignore").write_text("built.py\n")
    (tmp_path / "outside.py").write_text(f"{CANARY} = 4\n" + SHAPES)
    (folder / "drawing" / "linked.py").symlink_to(tmp_path / "outside.py")
    return folder


@pytest_asyncio.fixture(loop_scope="module")
async def client(tmp_path: Path, workspace: Path) -> AsyncIterator[LspClient]:
    home = make_home(tmp_path / "home")
    environ = {**home.environ, "GLM_LSP_MODEL": "starter", "GLM_LSP_LOG_LEVEL": "info"}
    client = await LspClient.start([sys.executable, "-m", "glm_lsp", "serve"], environ)
    folders = [{"uri": workspace.as_uri(), "name": "workspace"}]
    await client.initialize(workspaceFolders=folders)
    await client.ready(60)
    yield client
    assert CANARY not in client.log.decode(errors="replace")
    await client.dispose()


async def why(client: LspClient, uri: str, text: str, version: int) -> dict[str, Any]:
    if version == 1:
        client.open(uri, text, "python")
    else:
        client.change(uri, version, {"text": text})
    await client.complete(uri, text.count("\n"), len(text.rpartition("\n")[2]))
    told: dict[str, Any] = await client.request("glm/why", {"textDocument": {"uri": uri}})
    return told


async def test_a_file_beside_is_used_and_what_must_not_be_is_not(client: LspClient, workspace: Path) -> None:
    uri = (workspace / "drawing" / "more.py").as_uri()
    text = SHAPES.replace("square", "triangle")[:200] + "def area_of_oval(width, height):\n    scaled_oval = "
    told = {}
    for version in range(1, 20):  # what is not found in time is there the next time
        told = await why(client, uri, text + "w" * (version - 1), version)
        if any(one["verdict"] == "used" for one in told["references"]):
            break
    used = [one["path"] for one in told["references"] if one["verdict"] == "used"]
    assert used == ["drawing/shapes.py"]
    assert told["context"]["referenceChars"] > 100
    verdicts = {Path(one["path"]).name: one["verdict"] for one in told["references"]}
    assert verdicts.get("left_out.py", "excluded") == "excluded"
    assert verdicts.get("built.py", "gitignored") == "gitignored"
    assert verdicts.get(".env.py", "secret_file") == "secret_file"
    assert verdicts.get("linked.py", "outside") == "outside"
    assert CANARY not in str(told)


async def test_in_a_file_that_is_ignored_nothing_is_suggested(client: LspClient, workspace: Path) -> None:
    told = await why(client, (workspace / "drawing" / "left_out.py").as_uri(), "value = ", 1)
    assert (told["shown"], told["reason"]) == ([], "ignored_file")
    assert told["explanation"] == "a .glmignore names the file"


async def test_without_trust_nothing_is_read(client: LspClient, workspace: Path) -> None:
    client.notify("glm/didChangeTrust", {"trusted": False})
    uri = (workspace / "drawing" / "new.py").as_uri()
    text = SHAPES.replace("square", "triangle")[:200] + "def area_of_oval(width, height):\n    scaled_oval = "
    for version in range(1, 6):
        told = await why(client, uri, text + "w" * (version - 1), version)
        assert [one for one in told["references"] if one["verdict"] == "used"] == []
