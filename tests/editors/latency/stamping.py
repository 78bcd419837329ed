"""`stamping.py FILE PROGRAM ARGUMENTS`: runs a language server and notes when it is asked for ghost text and answers.

Stands between editor and server, changes nothing, and knows the standard library only: an editor starts it as a server.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

METHOD = "textDocument/inlineCompletion"


class Stamps:
    """A file with a line of JSON for each question and each answer; times in ms of the wall clock."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._asked: set[object] = set()

    def from_editor(self, message: dict[str, object]) -> None:
        """Notes a question."""
        if message.get("method") == METHOD:
            self._asked.add(message["id"])
            self._note("asked", message["id"])

    def from_server(self, message: dict[str, object]) -> None:
        """Notes the answer to a question."""
        if "method" not in message and message.get("id") in self._asked:
            self._note("answered", message["id"])

    def _note(self, event: str, number: object) -> None:
        self._file.write(json.dumps({"at": time.time() * 1000, "event": event, "id": number}) + "\n")
        self._file.flush()


def main(arguments: list[str]) -> int:
    """Runs until the server ends; returns its exit status."""
    path, *command = arguments
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    stamps = Stamps(Path(path))
    to_server = (sys.stdin.buffer, server.stdin, stamps.from_editor)
    threading.Thread(target=_pass_on, args=to_server, daemon=True).start()
    _pass_on(server.stdout, sys.stdout.buffer, stamps.from_server)
    return server.wait()


def _pass_on(source: BinaryIO, target: BinaryIO, look: Callable[[dict[str, object]], None]) -> None:
    """Passes messages on, each when it was looked at, until one of the two has gone."""
    with suppress(BrokenPipeError, ValueError):
        while header := source.readline():
            length = 0
            head = b""
            while header.strip():
                head += header
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = source.readline()
            body = source.read(length)
            look(json.loads(body))
            target.write(head + header + body)
            target.flush()
    with suppress(BrokenPipeError):
        target.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
