"""Where an engine listens, and which engines are running."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator

from glm_lsp import config, paths
from glm_lsp.doctor.finding import Finding, fail, ok, warn
from glm_lsp.engine.address import UnixAddress, parse_address
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.local_address import local_address
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.engine.process.state import ProcessState, StateFile
from glm_lsp.errors import GlmError
from glm_lsp.models.store import ModelStore


def address() -> Iterator[Finding]:
    """The address of this machine's engine is usable: its socket's path is short enough."""
    settings = config.load().settings
    found = local_address(settings, ModelStore().resolve(settings.model))
    length = f", {len(os.fsencode(found.path))} bytes" if isinstance(found, UnixAddress) else ""
    yield ok(f"{found}{length}")


def loopback() -> Iterator[Finding]:
    """This machine can listen to itself."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield ok(f"port {server.getsockname()[1]} of 127.0.0.1 could be opened")
    except OSError as error:
        fix = "Look into this machine's firewall or sandbox; engines with a unix socket are not affected."
        yield warn(f"no port of 127.0.0.1 can be opened: {error.strerror}", fix)


def running() -> Iterator[Finding]:
    """Every engine this user runs on this machine, and whether it answers."""
    files = sorted(paths.runtime_dir().glob("*.json"))
    states = [(file, state) for file in files if (state := StateFile(file).read())]
    live = [state for file, state in states if ProcessLock(file.with_suffix(".lock")).holder() == state.pid]
    for state in live:
        yield _running(state)
    if not live:
        yield ok("none; the first completion starts one")


def remote() -> Iterator[Finding]:
    """The engine named by `engineUrl`, if any, answers."""
    url = config.load().settings.engine_url
    if url is None:
        yield ok("engineUrl is not set; nothing leaves this machine")
        return
    try:
        found = _describe(url, os.environ.get("GLM_LSP_ENGINE_TOKEN"))
    except GlmError as error:
        yield fail(f"{url}: {error.code}: {error.cause}", "Check engineUrl and GLM_LSP_ENGINE_TOKEN.")
    else:
        yield ok(f"{found.model} at {url}")


def _running(state: ProcessState) -> Finding:
    if state.status != "ready":
        return ok(f"pid {state.pid} is {state.status}")
    try:
        found = _describe(state.address, state.token)
    except GlmError as error:
        return warn(f"pid {state.pid} at {state.address}: {error.cause}", f"kill {state.pid}")
    minutes = (time.time() - found.started_at) / 60
    about = f"{found.model}, version {found.version}, on {found.device} with {found.threads} threads"
    about += f" ({found.note})" if found.note else ""
    return ok(f"pid {state.pid}: {about}, up for {minutes:.0f} min, at {state.address}")


def _describe(address: str, token: str | None) -> EngineDescription:
    async def ask() -> EngineDescription:
        client = HttpEngineClient(parse_address(address), token)
        try:
            return await client.describe()
        finally:
            await client.close()

    return asyncio.run(ask())
