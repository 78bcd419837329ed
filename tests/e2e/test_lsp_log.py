"""What goes to stderr: enough to find a fault, and never the text of anybody's files."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import ReplyError, insertion

pytestmark = pytest.mark.asyncio(loop_scope="module")
CANARY = "canary_5f3a"


@pytest.mark.parametrize("level", ["info", "warning"])
async def test_no_source_text_in_the_log(own_lab: Lab, level: str) -> None:
    client = await own_lab.start(initializationOptions={"logLevel": level})
    uri = f"file:///{CANARY}.py"
    client.open(uri, f"{CANARY} = 1\n")
    client.open(uri, f"{CANARY} = 1\n")
    for number in range(20):
        client.change(uri, 1, insertion(1, 0, f"{CANARY}_{number} = 2\n"))
        await client.complete(uri, 1, 10_000, trigger=1 + number % 2)
    for params in (
        {"textDocument": {"uri": uri}, "position": {"line": CANARY, "character": 0}},
        {"textDocument": {"uri": uri, "text": CANARY}, "position": CANARY, "context": CANARY},
    ):
        with pytest.raises(ReplyError):
            await client.request("textDocument/inlineCompletion", params)
        client.notify("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": [params]})
        client.notify("$/setTrace", {"value": CANARY})
    for text in (f"#fail {CANARY}\nx = 1", f"#late {CANARY}\nx = 1", f"#die {CANARY}\nx = 1"):
        client.change(uri, 99, {"text": text})
        assert await client.complete(uri, 1, 5) == []
    client.post({"jsonrpc": "2.0", "id": 10_000, "method": CANARY, "params": CANARY})
    await client.ready()
    assert await client.quit() == 0
    assert CANARY.encode() not in client.log
    assert (b"suggestions" in client.log) is (level == "info")


async def test_each_completion_is_one_line_at_info(lab: Lab) -> None:
    client = await lab.start(initializationOptions={"logLevel": "info"})
    client.open("file:///a.py", "x = 1")
    await client.complete("file:///a.py", 0, 5)
    assert await client.quit() == 0
    (line,) = [line for line in client.log.decode().splitlines() if "completion:" in line]
    assert "0 of 3 prompt tokens cached, 1 suggestions" in line
