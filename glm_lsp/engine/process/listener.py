"""The socket of an engine: bound before the model is loaded, listening only once it is.

A front that finds a listening socket may thus expect an answer, and an address that cannot be used is known
at once.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from glm_lsp.engine.address import LocalAddress, TcpAddress, UnixAddress, check_socket_owner
from glm_lsp.errors import AddressError
from glm_lsp.paths import storage_error

_PROBE_S = 0.5
_UNIX: int = getattr(socket, "AF_UNIX", -1)  # absent on Windows


class Listener:
    """A bound socket and its file. The caller must hold the address's `ProcessLock`.

    Attributes:
        socket: bound, not yet listening.
        address: with the port that the system chose.

    Raises:
        AddressError: the address is taken or cannot be bound.
        StorageError: the socket's folder cannot be made.
    """

    def __init__(self, address: LocalAddress) -> None:
        if isinstance(address, UnixAddress):
            self.socket = _bind_unix(address.path)
            self.address: LocalAddress = address
            self._file: os.stat_result | None = address.path.lstat()
        else:
            self.socket = _bind_tcp(address)
            self.address = TcpAddress(address.host, self.socket.getsockname()[1], address.name)
            self._file = None

    def is_intact(self) -> bool:
        """Whether fronts can still find the socket; cleaners of temporary folders remove such files."""
        if self._file is None or not isinstance(self.address, UnixAddress):
            return True
        try:
            return os.path.samestat(self._file, self.address.path.lstat())
        except OSError:
            return False

    def remove(self) -> None:
        """Removes the socket file, unless it is no longer this socket's. Open connections stay."""
        if isinstance(self.address, UnixAddress) and self._file is not None and self.is_intact():
            with suppress(OSError):
                self.address.path.unlink()
        self._file = None

    def close(self) -> None:
        """Removes the file and closes the socket."""
        self.remove()
        self.socket.close()


def _bind_unix(path: Path) -> socket.socket:
    if sys.platform == "win32":
        raise AddressError("unix sockets cannot be used on Windows")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path.parent, error) from error
    _remove_stale(path)
    bound = socket.socket(_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        # Nobody can have connected before this, as the socket does not listen yet.
        path.chmod(0o600)
    except OSError as error:
        bound.close()
        raise AddressError(f"{path} cannot be bound: {error.strerror or error}") from error
    return bound


def _remove_stale(path: Path) -> None:
    """Removes the socket of an engine that died. The lock is held, so no engine of ours can be behind it."""
    check_socket_owner(path)
    if not os.path.lexists(path):
        return
    if _answers(_UNIX, str(path)):
        raise AddressError(f"another program answers at {path}")
    path.unlink(missing_ok=True)


def _bind_tcp(address: TcpAddress) -> socket.socket:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AddressError(f"{address.host!r} is not a host of this machine") from error
    family, kind, protocol, _, target = found[0]
    # SO_REUSEADDR, needed to follow an engine that just left, would let two bind what neither listens on yet.
    if address.port and _answers(family, target):
        raise AddressError(f"port {address.port} is taken")
    # With the protocol, or asyncio does not see that this is TCP and leaves Nagle's algorithm on: 40 ms a chunk.
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(target)
    except OSError as error:
        bound.close()
        taken = error.errno == errno.EADDRINUSE
        reason = f"port {address.port} is taken" if taken else f"{address} cannot be bound: {error.strerror}"
        raise AddressError(reason) from error
    return bound


def _answers(family: int, target: object) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(target)  # type: ignore[arg-type]
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            # A full backlog or a time-out: somebody is there, only slow.
            return True
    return True
