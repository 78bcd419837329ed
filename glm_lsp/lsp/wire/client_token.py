"""The progress bar that an editor has made for a request; handlers of commands are not given it as an argument."""

from __future__ import annotations

from contextvars import ContextVar

Token = int | str

CLIENT_TOKEN: ContextVar[Token | None] = ContextVar("CLIENT_TOKEN", default=None)
"""The `workDoneToken` that came with the command that is being run."""
