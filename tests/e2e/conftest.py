"""Servers for end-to-end tests. One fake engine is shared by all that do not ask for one of their own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.lsp_client import NEOVIM, ROOT, VSCODE, LspClient, serve_command
from tests.fakes.fake_engine import read_record


@dataclass
class Lab:
    """A home folder with a fake engine in it, and the servers that use it."""

    home: Path
    linger_s: float = 5.0
    clients: list[LspClient] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """Keeps a server and its engine within the home folder."""
        return {
            "GLM_LSP_HOME": str(self.home),
            "GLM_LSP_LINGER_S": str(self.linger_s),
            "GLM_LSP_SUGGEST": "eager",  # what is shown is tested elsewhere; here it is to be the engine's whole text
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default",
        }

    async def spawn(
        self,
        *engine_options: str,
        engine: Sequence[str] = ("-m", "tests.fakes.fake_engine"),
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> LspClient:
        """A server to which nothing has been said yet."""
        command = serve_command("--record", str(self.home / "record"), *engine_options, engine=engine)
        client = await LspClient.start(command, {**self.env, **(env or {})}, **options)
        self.clients.append(client)
        return client

    async def start(
        self,
        *engine_options: str,
        editor: dict[str, Any] = NEOVIM,
        env: dict[str, str] | None = None,
        **params: Any,
    ) -> LspClient:
        """A server that has been greeted and has its engine."""
        client = await self.spawn(*engine_options, env=env)
        await client.initialize(editor, **params)
        await client.ready()
        return client

    def record(self, event: str) -> list[dict[str, str]]:
        """What the engine noted: `started`, `finished` or `cancelled`."""
        return [line for line in read_record(self.home / "record") if line["event"] == event]

    async def close(self) -> None:
        """Ends the servers; their logs are shown with a test that failed."""
        for client in self.clients:
            print(client.log.decode(errors="replace"), file=sys.stderr)
            await client.dispose()
        self.clients.clear()


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the engine that most tests share."""
    return tmp_path_factory.mktemp("home")


@pytest_asyncio.fixture(loop_scope="module")
async def lab(shared_home: Path) -> AsyncIterator[Lab]:
    """Servers on the shared engine."""
    lab = Lab(shared_home)
    yield lab
    await lab.close()


@pytest_asyncio.fixture(loop_scope="module")
async def own_lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """Servers on an engine of their own, to be slowed down or killed."""
    lab = Lab(tmp_path, linger_s=1.0)
    yield lab
    await lab.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def neovim(shared_home: Path) -> AsyncIterator[LspClient]:
    """One server for a whole file of tests; each test uses documents of its own."""
    lab = Lab(shared_home)
    yield await lab.start()
    await lab.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vscode(shared_home: Path) -> AsyncIterator[LspClient]:
    """The same for an editor that counts in UTF-16 and cancels."""
    lab = Lab(shared_home)
    yield await lab.start(editor=VSCODE)
    await lab.close()
