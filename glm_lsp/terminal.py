"""What a person or a program sees of a command: its data, its errors and its exit status.

stdout is data, stderr is talk. 0 is fine, 1 failed, 2 wrong use, 130 interrupted. An error is one message on
stderr with its code, cause and remedy; with `--json` it is `{"error": {...}}` on stdout instead. A traceback
is for the log folder.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glm_lsp.errors import GlmError, InputError, StorageError

CRASH_FILE = "crash.log"
INTERRUPTED = 130

# All but tabs and line ends: control characters of both kinds, and those that set the direction of text.
_COMMANDS = re.compile(r"(?!\t|\r?\n)[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def run(command: Callable[[list[str]], object], arguments: list[str]) -> int:
    """Runs a command and returns its exit status; whatever it raises has been shown."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # it came closed
    _print_what_cannot_be_encoded()
    try:
        status = _run(command, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()  # the reader has seen enough
        return 1
    except OSError as error:
        _discard_output()
        say(f"GLM-500: stdout cannot be written: {error.strerror}.\n  Send it to a place with room.")
        return 1
    return status


def _discard_output() -> None:
    """The interpreter's own flush at exit must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def print_json(value: Any) -> None:
    """One JSON document on stdout, in UTF-8 whatever the terminal's encoding is."""
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    # A lone surrogate, from a file name that is not UTF-8, becomes a \\u escape, which is JSON again.
    data = text.encode("utf-8", "backslashreplace")
    sys.stdout.flush()
    if buffer := getattr(sys.stdout, "buffer", None):
        buffer.write(data)
    else:
        sys.stdout.write(data.decode("utf-8"))


def print_source(text: str, end: str = "\n") -> None:
    """Pieces of source files on stdout: exactly, in UTF-8 and with their own line ends; to a terminal without what
    would command it or turn the order of the letters around."""
    text += end
    sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.write(_COMMANDS.sub(_escaped, text))
    elif buffer := getattr(sys.stdout, "buffer", None):
        buffer.write(text.encode("utf-8", "backslashreplace"))
    else:
        sys.stdout.write(text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def say(text: str) -> None:
    """A line of talk on stderr, which may quote names of files."""
    print(_COMMANDS.sub(_escaped, text) if sys.stderr and sys.stderr.isatty() else text, file=sys.stderr)


def exit_status(error: GlmError) -> int:
    """2 when the user asked for something that cannot be, 1 when something failed."""
    return 2 if isinstance(error, InputError) else 1


def _run(command: Callable[[list[str]], object], arguments: list[str]) -> int:
    try:
        status = command(arguments)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise  # folders report theirs as GLM-501; what is left is stdout
        shown = _as_glm_error(error)
        _show(shown, as_json="--json" in arguments)
        return exit_status(shown)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        shown = _as_glm_error(error)
        _show(shown, as_json="--json" in arguments)
        return exit_status(shown)
    return status if isinstance(status, int) else 0


def _show(error: GlmError, *, as_json: bool) -> None:
    if as_json:
        print_json({"error": error.to_dict()})
    else:
        say(f"{error.code}: {error.cause}.\n  {error.remedy}")


def _as_glm_error(error: Exception) -> GlmError:
    return error if isinstance(error, GlmError) else _unexpected(error)


def _unexpected(error: Exception) -> GlmError:
    """An error nobody foresaw: its traceback is kept for a report, and named."""
    cause = f"the program failed unexpectedly ({type(error).__name__}: {error})"
    with suppress(StorageError, OSError):
        from glm_lsp.paths import log_dir  # noqa: PLC0415  # needed in this rare case only

        path = log_dir() / CRASH_FILE
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # it may quote source text
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{_format(error)}\n")
        cause += f"; the details are in {path}"
    return GlmError(cause)


def _format(error: Exception) -> str:
    return "".join(traceback.format_exception(error))


def _print_what_cannot_be_encoded() -> None:
    """A completion with an emoji must not fail on a terminal that has none."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
