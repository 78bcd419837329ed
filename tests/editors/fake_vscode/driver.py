"""The extension's bundle in Node.js, with a fake editor around it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.editors.setup.node import Node
from tests.fakes.fake_server import wait_until

_HERE = Path(__file__).parent
_EXTENSION = _HERE.parents[2] / "editors" / "vscode"
_PATIENCE_S = 60.0


class FakeVSCode:
    """An editor without a window.

    Args:
        bundle: the extension's program.
        storage: the folder that the editor keeps for the extension.
        environ: variables besides those of this process; the server is started with them.
    """

    def __init__(self, node: Node, bundle: Path, storage: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [node.program, _HERE / "drive.js", bundle, _EXTENSION, storage],
            env={**os.environ, **environ, "NODE_PATH": str(_HERE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    @property
    def pid(self) -> int:
        """Of Node.js; servers are its children."""
        return self._process.pid

    def activate(self, folder: Path, *, trusted: bool = True, **settings: object) -> None:
        """Opens a window with a folder, and starts the extension in it."""
        chosen = {f"glm.{name}": value for name, value in settings.items()}
        self.ask("activate", folder=str(folder), settings=chosen, trusted=trusted)

    def open(self, file: Path) -> None:
        """Shows a file."""
        self.ask("open", file=str(file))

    @property
    def text(self) -> str:
        """The document in front."""
        text: str = self.ask("text")
        return text

    def complete(self) -> list[dict[str, Any]]:
        """What is offered at the cursor: `text`, `range` and `command` of each."""
        items: list[dict[str, Any]] = self.ask("complete")
        return items

    def seen(self, what: str) -> Any:
        """What has been shown, or asked of the editor, until now."""
        return self.ask("seen")[what]

    def until(self, condition: Callable[[], object]) -> None:
        """Waits until something has come about."""
        wait_until(condition, _PATIENCE_S)

    def ask(self, request: str, **options: object) -> Any:
        """Sends a request of `drive.js`; fails where the extension did, now or in between."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"request": request, **options}) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"Node.js has gone while it was asked to {request}"
        answer = json.loads(line)
        assert "error" not in answer, f"{request} {options}: {answer['error']}"
        return answer["result"]

    def close(self) -> None:
        """Ends it, whatever it is doing."""
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        try:
            self._process.wait(timeout=15)
        finally:
            self._process.kill()
            self._process.wait()
