"""A real Emacs in a terminal: keys are typed there, and `emacsclient` asks what a person sees."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.editors.setup.emacs import EmacsTools
from tests.editors.terminal import Terminal

_PATIENCE_S = 30.0

_PREPARE = r"""
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil
      use-short-answers t native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil
      python-shell-completion-native-enable nil server-socket-dir {folder} server-name "emacs")
(dolist (package (list {packages}))
  (push package load-path)
  (mapc (lambda (file) (load file nil t)) (directory-files package t "-autoloads\\.el\\'")))
"""

_SHOWN = """
(defun test-shown ()
  "What stands on screen at the cursor's line beyond the buffer."
  (mapconcat (lambda (overlay)
               (let ((face 'lsp-inline-completion-overlay-face) (all (overlay-get overlay 'after-string)))
                 (if (and all (text-property-any 0 (length all) 'face face all))
                     (substring-no-properties
                      (concat (test-ghost (overlay-get overlay 'display)) all))
                   "")))
             (overlays-in (point-min) (point-max)) ""))
(defun test-ghost (text)
  "The part of a text in the ghost's face."
  (let ((start (and text (text-property-any 0 (length text) 'face 'lsp-inline-completion-overlay-face text))))
    (if start (substring text start) "")))
(server-start)
"""


class Emacs:
    """One Emacs.

    Args:
        tools: the program and its packages.
        folder: an empty one for its home, with a short name: the socket lies there.
        init: Emacs Lisp, as a person would have it in `init.el`.
        cwd: the project it is started in.
        environ: variables besides those of this process.
    """

    def __init__(
        self, tools: EmacsTools, folder: Path, init: str, cwd: Path, environ: Mapping[str, str]
    ) -> None:
        self._client, self._socket = tools.client, folder / "emacs"
        packages = " ".join(lisp_string(str(path)) for path in tools.packages)
        prepared = _PREPARE.format(folder=lisp_string(str(folder)), packages=packages)
        home = folder / "home"
        (home / ".emacs.d").mkdir(parents=True)
        (home / ".emacs.d" / "init.el").write_text(f"{prepared}\n{init}\n{_SHOWN}\n", encoding="utf-8")
        self._environ = {**os.environ, **environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
        self._environ.pop("XDG_CONFIG_HOME", None)
        self._file = '""'
        self._terminal = Terminal([tools.program, "-nw"], cwd, self._environ)
        self.until(self._socket.exists)

    def eval(self, form: str) -> object:
        """The value of a form, by way of JSON; nil is None."""
        # Emacs would print what is not ASCII as octal escapes.
        json_text = f"(json-serialize (vector {form}) :null-object nil :false-object :false)"
        wrapped = f"(base64-encode-string {json_text} t)"
        done = subprocess.run(
            [self._client, "--socket-name", self._socket, "--eval", wrapped],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{form}: {done.stderr}{done.stdout}"
        [value] = json.loads(base64.b64decode(done.stdout.strip().strip('"')))
        return None if value == {} else value

    def keys(self, keys: str) -> None:
        """Types, as a terminal sends it."""
        self._terminal.keys(keys)

    def until(self, condition: Callable[[], object], timeout_s: float = _PATIENCE_S) -> None:
        """Waits until something holds."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert self._terminal.is_running, f"Emacs has ended:\n{self._terminal.drawn[-2000:]}"
            assert time.monotonic() < deadline, f"not in time\n{self.story()}"
            time.sleep(0.1)

    def open(self, path: Path) -> None:
        """Visits a file, as a person does."""
        self._file = lisp_string(str(path))
        self.keys(f"\x18\x06\x01\x0b{path}\r")

    def shows(self, path: Path) -> bool:
        """Whether a file is in the selected window."""
        wanted = lisp_string(str(path))
        return self.ask(f"(equal (buffer-file-name) {wanted})") is True

    def ask(self, form: str) -> object:
        """The value of a form in the window that a person sees."""
        return self.eval(f"(with-selected-window (frame-selected-window (car (last (frame-list)))) {form})")

    @property
    def text(self) -> str:
        """The file's buffer, whatever else is asked meanwhile."""
        everything = "(buffer-substring-no-properties (point-min) (point-max))"
        return str(self.eval(f"(with-current-buffer (get-file-buffer {self._file}) {everything})"))

    @property
    def ghost_text(self) -> str:
        """What is shown beyond it."""
        return str(self.ask("(test-shown)"))

    def drew(self, text: str) -> bool:
        """Whether the terminal was ever sent this text in one piece."""
        return text in self._terminal.drawn

    def story(self) -> str:
        """What is known of it, for a test that failed."""
        if not self._socket.exists():
            return self._terminal.drawn[-3000:]
        messages = self.eval('(with-current-buffer "*Messages*" (buffer-string))')
        shown = self.ask("(buffer-string)")
        return f"{messages}\n---\n{shown}\n---\n{self._terminal.drawn[-1500:]!r}"

    def close(self) -> None:
        """Closes its terminal."""
        self._terminal.close()


def lisp_string(text: str) -> str:
    """A string as Emacs Lisp reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
