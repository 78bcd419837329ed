"""A real VS Code: code-server in one process, shown in a Chromium that another drives."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.editors.setup.cache import run
from tests.editors.setup.code_server import CodeServer

_DRIVER = Path(__file__).with_name("vscode_driver.mjs")
_START_S = 60.0
_PATIENCE_S = 30.0
_SETTINGS = {
    "files.autoSave": "off",
    "editor.minimap.enabled": False,
    "editor.stickyScroll.enabled": False,
    # A list of words from the file may come before ghost text does or not, and takes keys from it.
    "editor.wordBasedSuggestions": "off",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "extensions.ignoreRecommendations": True,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "security.workspace.trust.startupPrompt": "never",
}


_KEYBINDINGS = [
    {"key": "ctrl+alt+right", "command": "editor.action.inlineSuggest.acceptNextLine"},
]
"""What VS Code has actions for and no keys."""


class CodeServerProcess:
    """code-server with an extension in it.

    Args:
        folder: for its data; an empty one.
        extension: the package.
        environ: variables besides those of this process; language servers are started with them.
        trusts: folders are trusted; else none is before somebody says so, and nobody is asked.
    """

    def __init__(
        self,
        tools: CodeServer,
        folder: Path,
        extension: Path,
        environ: Mapping[str, str],
        *,
        trusts: bool = True,
    ) -> None:
        self.tools = tools
        self.address = f"http://127.0.0.1:{_free_port()}"
        settings = folder / "data" / "User" / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(_SETTINGS), encoding="utf-8")
        settings.with_name("keybindings.json").write_text(json.dumps(_KEYBINDINGS), encoding="utf-8")
        entry = tools.modules / "code-server" / "out" / "node" / "entry.js"
        command = [str(tools.node.program), str(entry)]
        command += ["--user-data-dir", str(folder / "data"), "--extensions-dir", str(folder / "extensions")]
        # Extensions are run with what a login shell has for a PATH.
        (folder / ".bash_profile").write_text(f"export PATH='{environ['PATH']}'\n", encoding="utf-8")
        node_first = f"{tools.node.program.parent}{os.pathsep}{os.environ['PATH']}"
        whole = {**environ, "HOME": str(folder), "SHELL": "/bin/bash", "PATH": node_first}
        run([*command, "--install-extension", str(extension)], environ=whole)
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                *command,
                *_OPTIONS,
                *(_TRUSTING if trusts else ()),
                "--bind-addr",
                self.address.removeprefix("http://"),
            ],
            env={**os.environ, **whole},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        _wait(self._answers, "code-server to answer", _START_S)

    def version(self) -> str:
        """The version of the VS Code in it."""
        product = self.tools.modules / "code-server" / "lib" / "vscode" / "product.json"
        version: str = json.loads(product.read_text(encoding="utf-8"))["version"]
        return version

    def close(self) -> None:
        """Ends it, and with it the language servers of its windows."""
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass(frozen=True)
class Key:
    """A key that was pressed; `at` is in ms of the wall clock."""

    at: float
    key: str


@dataclass(frozen=True)
class Frame:
    """What stood on the screen from a time on, in ms of the wall clock."""

    at: float
    lines: tuple[str, ...]
    ghost: str


@dataclass
class Record:
    """Keys, and what was to be seen after each change of it."""

    keys: list[Key] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


class VSCode:
    """Windows of VS Code, one after the other."""

    def __init__(self, server: CodeServerProcess) -> None:
        self._server = server
        tools = server.tools
        self._process = subprocess.Popen(
            [tools.node.program, _DRIVER, tools.modules, tools.chromium],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def open(self, folder: Path, name: str) -> None:
        """A new window with a folder, and one of its files in the editor."""
        query = urllib.parse.urlencode({"folder": str(folder)})
        self._ask("openFolder", url=f"{self._server.address}/?{query}")
        self._ask("openFile", name=name)
        self.until(lambda: self.lines != [], "the file to be shown")

    def show(self, name: str) -> None:
        """Shows another file of the folder."""
        self._ask("openFile", name=name)
        self.until(lambda: self._ask("activeTab") == name, f"{name} to be shown")

    def clock(self) -> float:
        """The page's own clock, in ms since the epoch."""
        now: float = self._ask("clock")
        return now

    def press(self, *keys: str) -> None:
        """Keys as Playwright calls them: `Control+z`."""
        for key in keys:
            self._ask("press", keys=key)

    def type(self, text: str, delay_ms: int = 20) -> None:
        """Types a text, a key at a time."""
        self._ask("type", text=text, delay=delay_ms)

    def go_to(self, line: int, column: int = 1) -> None:
        """Puts the cursor somewhere, both from 1."""
        self.press("Control+g")
        self.type(f"{line}:{column}")
        self.press("Enter")
        wanted = f"Ln {line}, Col {column}"
        self.until(lambda: self._ask("position") == wanted, f"the cursor at {wanted}")

    def command(self, title: str) -> None:
        """Runs a command of the palette."""
        self.press("F1")
        self.type(title)
        self.until(lambda: any(title in each for each in self._ask("choices")), f"the command {title}")
        self._ask("choose", text=title)

    def code_action(self, title: str) -> None:
        """Takes a code action at the cursor; asks for the menu until it holds the action."""

        def is_offered() -> bool:
            self.press("Control+.")
            time.sleep(1)
            if title in self._ask("choices"):
                return True
            self.press("Escape")
            return False

        self.until(is_offered, f"the code action {title}")
        self._ask("choose", text=title)

    def button(self, text: str) -> None:
        """Presses a button of the notification in front."""
        self._ask("button", text=text)

    @property
    def lines(self) -> list[str]:
        """The editor as it is shown; a file has to fit on the screen."""
        shown: list[str] = self._ask("lines")
        return shown

    @property
    def notifications(self) -> list[str]:
        """The messages that are shown."""
        shown: list[str] = self._ask("notifications")
        return shown

    @property
    def choices(self) -> list[str]:
        """The entries of an open quick pick, menu or list of code actions."""
        shown: list[str] = self._ask("choices")
        return shown

    def choose(self, text: str) -> None:
        """Takes one of them, by the whole of its label."""
        self._ask("choose", text=text)

    def texts(self, selector: str, attribute: str = "") -> list[str]:
        """What is shown of elements, or an attribute of theirs."""
        shown: list[str] = self._ask("texts", selector=selector, attribute=attribute)
        return shown

    def click(self, selector: str) -> None:
        """Clicks the first of the elements."""
        self._ask("click", selector=selector)

    @property
    def frames(self) -> list[str]:
        """The words of all pages in the window; webviews are such."""
        shown: list[str] = self._ask("frames")
        return shown

    @property
    def is_dirty(self) -> bool:
        """Whether there is something to save."""
        dirty: bool = self._ask("isDirty")
        return dirty

    def ghost_text(self) -> str:
        """What is shown beyond the document."""
        text: str = self._ask("ghostText")
        return text

    def type_until_ghost_text(self, text: str) -> str:
        """Types; types the last key again until ghost text comes with it, as the engine may not be there yet.

        Asking by hand again is no use: VS Code remembers that there was nothing at this place in this text.
        """
        self.type(text[:-1])

        def appears() -> bool:
            self.type(text[-1])
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                if self.ghost_text():
                    return True
                time.sleep(0.1)
            self.press("Escape", "Backspace")
            return False

        self.until(appears, f"ghost text behind {text!r}", 60)
        return self.ghost_text()

    def is_list_shown(self) -> bool:
        """Whether VS Code shows a list of what the word at the cursor may become."""
        shown: bool = self._ask("isListShown")
        return shown

    @contextmanager
    def recorded(self, *, lines: bool = True) -> Iterator[Record]:
        """What is typed and shown meanwhile; it is in the record when the block is over.

        Args:
            lines: note the document, too, which takes its time.
        """
        record = Record()
        self._ask("record", lines=lines)
        yield record
        found = self._ask("recorded")
        record.keys = [Key(**each) for each in found["keys"]]
        record.frames = [Frame(each["at"], tuple(each["lines"]), each["ghost"]) for each in found["frames"]]

    def save(self) -> None:
        """Saves the file, and waits until that is done."""
        self.press("Control+s")
        self.until(lambda: not self.is_dirty, "the file to be saved")

    def screenshot(self, path: Path) -> None:
        """Saves a picture of the window."""
        self._ask("screenshot", path=str(path))

    def draw_terminal(self, drawn: str, columns: int, rows: int, path: Path) -> None:
        """Saves a picture of what a terminal shows after this; needs no window of VS Code."""
        self._ask("terminal", drawn=drawn, columns=columns, rows=rows, path=str(path))

    def resize(self, width: int, height: int) -> None:
        """Gives the window a size in CSS pixels."""
        self._ask("viewport", width=width, height=height)

    def until(self, condition: Callable[[], Any], what: str, timeout_s: float = _PATIENCE_S) -> None:
        """Waits until something is shown."""
        _wait(condition, what, timeout_s)

    def close(self) -> None:
        """Ends the browser."""
        try:
            self._ask("close")
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(timeout=15)
        finally:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def _ask(self, request: str, **options: object) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"request": request, **options}) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"the browser has gone while it was asked to {request}"
        answer = json.loads(line)
        assert "error" not in answer, f"{request} {options}: {answer['error']}"
        return answer["result"]


_OPTIONS = (
    "--auth",
    "none",
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-getting-started-override",
)
_TRUSTING = ("--disable-workspace-trust",)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(condition: Callable[[], Any], what: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.1)
