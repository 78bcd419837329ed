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

NUM_PROCESSES = 64
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main(program: str, channel: int, cpu_s: int, address_space: int) -> NoReturn:
    """Runs the file `program` and ends the process.

    The token that waits in the file descriptor `channel` is written back if the program came to its end. One that
    leaves early, or becomes another program, does not know it.
    """
    token = os.read(channel, 64)
    os.set_inheritable(channel, False)
    own_id, process_id, write = os.getpid(), os.getpid, os.write
    has_left = leave_network()
    if not has_left:
        block_sockets()
    limit(cpu_s, address_space, NUM_PROCESSES if has_left else None)
    try:
        runpy.run_path(program, run_name="__main__")
        if process_id() == own_id:  # a process that the program has forked comes here, too
            write(channel, token)
    finally:
        os._exit(0)


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


def limit(cpu_s: int, address_space: int, num_processes: int | None) -> None:
    """Seconds of CPU, bytes of address space, 1 MiB for each file, no core dump, and so many processes and threads.

    Their number is limited only in a user namespace, which has a count of its own: outside of it everything else
    that the user runs would count, too. For root the system does not enforce it.
    """
    wanted = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_FSIZE: 2**20,
        resource.RLIMIT_CORE: 0,
    }
    if num_processes is not None:
        wanted[resource.RLIMIT_NPROC] = num_processes
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with suppress(ValueError):  # macOS has no limit of the address space
            resource.setrlimit(kind, (lowest, lowest))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
