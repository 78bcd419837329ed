"""A real Neovim without a screen, driven over its socket by its own `--remote-expr`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_EDITORS = Path(__file__).parents[2] / "editors" / "neovim"
_PATIENCE_S = 30.0


class Neovim:
    """One Neovim.

    Args:
        program: `nvim`.
        folder: an empty one for its state, with a short name: the socket lies there.
        init: Lua, as a person would have it in `init.lua`.
        cwd: the project it is started in.
        environ: variables besides those of this process.
    """

    def __init__(self, program: Path, folder: Path, init: str, cwd: Path, environ: Mapping[str, str]) -> None:
        self._program = program
        self._socket = folder / "nvim"
        own = folder / "init.lua"
        own.write_text(init, encoding="utf-8")
        self._environ = {**os.environ, **environ, "NVIM_LOG_FILE": str(folder / "nvim.log")}
        self._log = (folder / "stderr").open("wb")
        command = [program, "--headless", "--clean", "-n", "--listen", self._socket]
        command += ["--cmd", f"set runtimepath^={_EDITORS}", "-u", own]
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._wait(self._is_listening, "Neovim to listen", 30)

    def lua(self, body: str) -> Any:
        """What a Lua function of this body returns, by way of JSON."""
        quoted = f"(function() {body} end)()".replace("'", "''")
        answer = self._remote(f"json_encode(luaeval('{quoted}'))")
        return json.loads(answer)

    def keys(self, keys: str) -> None:
        """Types, as `nvim_input` reads it: `<Esc>` is a key."""
        self.lua(f"vim.api.nvim_input({_lua_string(keys)})")
        self.lua("vim.wait(20)")

    def command(self, command: str) -> None:
        """Runs an Ex command."""
        self.lua(f"vim.cmd({_lua_string(command)})")

    def open(self, path: Path) -> None:
        """Edits a file and waits until the server knows it."""
        self.command(f"edit {path}")
        self.until("return #vim.lsp.get_clients({ bufnr = 0 }) > 0 and vim.lsp.get_clients()[1].initialized")

    def until(self, body: str, timeout_s: float = _PATIENCE_S) -> Any:
        """Waits until Lua returns something that is true; returns it."""
        deadline = time.monotonic() + timeout_s
        while not (value := self.lua(body)):
            assert time.monotonic() < deadline, f"not in time: {body}\n{self.story()}"
            time.sleep(0.05)
        return value

    def place_cursor(self, line: int, column: int = 0) -> None:
        """Puts the cursor at a line from 1 and a byte from 0."""
        self.lua(f"vim.api.nvim_win_set_cursor(0, {{ {line}, {column} }})")

    @property
    def lines(self) -> list[str]:
        """The buffer."""
        found: list[str] = self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)")
        return found

    @property
    def undo_state(self) -> tuple[int, int]:
        """The number of the current state of the undo tree, and of its last."""
        tree = self.lua("local tree = vim.fn.undotree() return { tree.seq_cur, tree.seq_last }")
        return tree[0], tree[1]

    @property
    def messages(self) -> list[str]:
        """What GLM has told the person, as `:messages` has it."""
        history: str = self.lua("return vim.fn.execute('messages')")
        return [line for line in history.splitlines() if "GLM" in line]

    def ghost_text(self) -> str:
        """What is shown beyond the buffer, by this plugin or by Neovim 0.12 itself."""
        text: str = self.lua(_GHOST_TEXT)
        return text

    def screen(self, num_lines: int = 6) -> list[str]:
        """The first lines of the screen as a person sees them, without the blanks at their ends."""
        seen: list[str] = self.lua(_SCREEN.format(num_lines=num_lines))
        return seen

    def until_screen(self, *expected: str, timeout_s: float = _PATIENCE_S) -> None:
        """Waits until the screen begins with these lines."""
        deadline = time.monotonic() + timeout_s
        while (seen := self.screen(len(expected))) != list(expected):
            assert time.monotonic() < deadline, f"expected {list(expected)}\nseen {seen}\n{self.story()}"
            time.sleep(0.05)

    def story(self) -> str:
        """What is known of it, for a test that failed."""
        return json.dumps({"messages": self.messages, "lines": self.lines}, indent=1, ensure_ascii=False)

    def close(self) -> None:
        """Quits as a person does; it has some seconds for that."""
        try:
            self._remote("execute('qall!')", check=False)
            self._process.wait(timeout=10)
        finally:
            self._process.kill()
            self._process.wait()
            self._log.close()

    def _is_listening(self) -> bool:
        """The socket's file is there a moment before anybody listens."""
        return self._socket.exists() and self._remote("1", check=False).strip() == "1"

    def _remote(self, expression: str, check: bool = True) -> str:
        done = subprocess.run(
            [self._program, "--server", self._socket, "--remote-expr", expression],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, f"{expression}: {done.stderr}{done.stdout}"
        return done.stdout

    def _wait(self, condition: Any, what: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert self._process.poll() is None, f"Neovim ended while waiting for {what}"
            assert time.monotonic() < deadline, f"not in time: {what}"
            time.sleep(0.02)


_GHOST_TEXT = """
local lines = {}
for _, name in ipairs({ 'glm.ghost_text', 'nvim.lsp.inline_completion' }) do
  local namespace = vim.api.nvim_get_namespaces()[name]
  local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}
  for _, mark in ipairs(marks) do
    local shown = { mark[4].virt_text or nil }
    vim.list_extend(shown, mark[4].virt_lines or {})
    for _, line in ipairs(shown) do
      local text = {}
      for _, piece in ipairs(line) do table.insert(text, piece[1]) end
      table.insert(lines, table.concat(text))
    end
  end
end
return table.concat(lines, '\\n')
"""

_SCREEN = """
vim.cmd.redraw()
local lines = {{}}
for row = 1, {num_lines} do
  local cells = {{}}
  for column = 1, vim.o.columns do
    table.insert(cells, vim.fn.screenstring(row, column))
  end
  table.insert(lines, (table.concat(cells):gsub(' +$', '')))
end
return lines
"""


def _lua_string(text: str) -> str:
    return f"[==[{text}]==]"
