"""Runs one program under limits and without a network, for `sandbox.py`.

It must not import this package: the interpreter is isolated and the limits are meant for the program alone.
"""

from __future__ import annotations

import ctypes
import os
import resource
import runpy
import socket
import sys
from contextlib import suppress
from typing import NoReturn

FAILED = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main(program: str, cpu_s: int, address_space: int, passed: int) -> NoReturn:
    """Runs the file `program` and ends the process: with status `passed` if the program came to its end.

    One that leaves early has not, whatever its status.
    """
    if not leave_network():
        block_sockets()
    limit(cpu_s, address_space)
    status = FAILED
    try:
        runpy.run_path(program, run_name="__main__")
        status = passed
    finally:  # an exit of the program's own making is a failure, too
        os._exit(status)


def leave_network() -> bool:
    """Moves this process into a network of its own, which is empty. False where the system does not allow it."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)
    except (AttributeError, OSError):  # not Linux
        return False


def block_sockets() -> None:
    """The second best: Python code that does not set out to get around it has no sockets."""

    def refuse(*arguments: object, **words: object) -> NoReturn:
        raise OSError("there is no network here")

    lookups = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
    # The class itself stays: others inherit from it when they are imported.
    for owner, name in ((socket.socket, "__init__"), *((socket, name) for name in lookups)):
        setattr(owner, name, refuse)


def limit(cpu_s: int, address_space: int) -> None:
    """Seconds of CPU, bytes of address space, 1 MiB for each file, no core dump."""
    wanted = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_FSIZE: 2**20,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with suppress(ValueError):  # macOS has no limit of the address space
            resource.setrlimit(kind, (lowest, lowest))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
