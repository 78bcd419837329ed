"""What all tests share."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Lets child processes be interrupted also where whoever started the tests ignores Ctrl-C, as `make test &` does.

    A signal that is ignored stays so across `exec`; one with a handler is as usual there.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
