"""Runs the command line in this process, where a test can lend it an engine and look over its shoulder."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from glm_lsp import cli, cli_complete, terminal
from glm_lsp.engine.client.client import EngineClient
from tests.cli_process import Finished


class Terminal(io.TextIOWrapper):
    """A stream that says it is one, or not, and keeps what it got."""

    def __init__(self, is_terminal: bool) -> None:
        self._bytes = io.BytesIO()
        self._is_terminal = is_terminal
        super().__init__(self._bytes, encoding="utf-8", newline="")

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode("utf-8")


class InProcess:
    """`glm-lsp` with `GLM_LSP_HOME` set to `home`; call it with arguments.

    Args:
        client: gives what stands for the engine of the settings; called only when one is asked for.
        is_terminal: whether stdout says it is one.
        environ: variables besides.
    """

    def __init__(
        self,
        home: Path,
        client: Callable[[], EngineClient],
        *,
        is_terminal: bool = False,
        **environ: str,
    ) -> None:
        self.home = home
        self._client = client
        self._is_terminal = is_terminal
        self._environ = environ

    def with_environ(self, **environ: str) -> InProcess:
        """The same with further variables."""
        return InProcess(
            self.home, self._client, is_terminal=self._is_terminal, **{**self._environ, **environ}
        )

    def __call__(self, *arguments: str, cwd: Path | None = None) -> Finished:
        @asynccontextmanager
        async def engine_client(settings: object) -> AsyncIterator[EngineClient]:
            yield self._client()

        out, err = Terminal(self._is_terminal), Terminal(is_terminal=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(cli_complete, "engine_client", engine_client)
            patch.chdir(cwd or self.home)
            for name, value in {"GLM_LSP_HOME": str(self.home), **self._environ}.items():
                patch.setenv(name, value)
            status = terminal.run(cli._run, list(arguments))
        return Finished(status, out.text, err.text)
