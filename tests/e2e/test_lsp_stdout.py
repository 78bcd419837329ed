"""Whatever the process prints, the editor reads nothing but frames."""

from __future__ import annotations

import json
import sys

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import SERVE, LspClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLANTED = """
import atexit, ctypes, os, sys, warnings
from glm_lsp.lsp.features import inline_completion as module, status

def noise(where):
    print("planted print", where, flush=True)
    sys.__stdout__.write("planted __stdout__\\n")
    os.write(1, b"planted write\\n")
    os.system("echo planted child")
    ctypes.CDLL(None).puts(b"planted puts")
    ctypes.CDLL(None).fflush(None)
    warnings.warn("planted warning " + where)

original = module._question

def question(*arguments):
    noise("while answering")
    return original(*arguments)

module._question = question
atexit.register(noise, "at exit")
"""


async def test_prints_and_warnings_go_to_stderr(lab: Lab) -> None:
    program = PLANTED + SERVE
    engine = [sys.executable, "-m", "tests.fakes.fake_engine"]
    client = await LspClient.start([sys.executable, "-c", program, json.dumps(engine)], lab.env)
    lab.clients.append(client)
    await client.initialize()
    await client.ready()
    client.open("file:///a.py", "x = 1")
    for _ in range(3):
        assert len(await client.complete("file:///a.py", 0, 5)) == 1
    assert await client.quit() == 0
    for what in (
        b"print while answering",
        b"print at exit",
        b"__stdout__",
        b"write",
        b"child",
        b"puts",
        b"warning",
    ):
        assert b"planted " + what in client.log
    client.log.clear()


async def test_nobody_else_can_hold_the_pipes(lab: Lab) -> None:
    """A child that outlives the server, as the engine does, must not keep the editor waiting for the end."""
    client = await lab.start()
    assert await client.quit() == 0
    assert client.process.stdout is not None
    assert client.process.stdout.at_eof()
