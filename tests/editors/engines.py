"""Engines that take their time: what they write is cancelled or overtaken in tests, or they come late."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from glm_lsp.engine.address import TcpAddress
from glm_lsp.engine.wire import CompletionRequest
from tests.fakes.fake_engine import FakeEngine, FakeJob
from tests.fakes.fake_server import serve, wait_until

_TOKENS = 400
_DELAY_S = 0.05


@dataclass(frozen=True)
class SlowEngine:
    """An engine that writes on for twenty seconds, whatever it is asked.

    Attributes:
        url: for the setting `engineUrl`.
    """

    url: str
    engine: FakeEngine

    def job(self) -> FakeJob:
        """The first request for text; waits until it is there."""
        wait_until(self._jobs, 30)
        return self._jobs()[0]

    def assert_cancelled(self, job: FakeJob) -> None:
        """Waits until a request has been withdrawn."""
        wait_until(lambda: job.cancelled_at is not None, 10)

    def _jobs(self) -> list[FakeJob]:
        return [job for job in self.engine.jobs if not job.request.glm.warm_up]


class LateEngine:
    """An engine that is not there before a test wants it to be.

    Attributes:
        url: for the setting `engineUrl`; nobody listens there at first.
    """

    def __init__(self, running: ExitStack) -> None:
        self._running = running
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def come(self) -> None:
        """Listens and answers from now on."""
        self._running.enter_context(serve(FakeEngine(), TcpAddress("127.0.0.1", self._port)))


@contextmanager
def late_engine() -> Iterator[LateEngine]:
    """A late engine on this machine."""
    with ExitStack() as running:
        yield LateEngine(running)


@contextmanager
def slow_engine() -> Iterator[SlowEngine]:
    """A slow engine on this machine."""
    engine = FakeEngine(delay_s=_DELAY_S, script=_endless)
    with serve(engine, TcpAddress("127.0.0.1", 0)) as address:
        yield SlowEngine(f"http://{address}", engine)


def _endless(request: CompletionRequest) -> list[str]:
    words = itertools.cycle(["adds ", "the ", "numbers ", "of ", "every ", "line "])
    return list(itertools.islice(words, _TOKENS))
