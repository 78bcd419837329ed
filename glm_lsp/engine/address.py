"""Where an engine listens: a unix socket, a loopback port, or a server elsewhere.

    unix:PATH               a socket file; nobody but its owner may connect
    HOST:PORT               TCP; loopback unless remote addresses are explicitly allowed
    127.0.0.1:0#NAME        a free port, found through the engine's state file
    http(s)://HOST[:PORT]   a server this program does not start

Engines started by a front listen at an address that is named after what they serve, see `default_address`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import stat
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from glm_lsp import __version__, paths
from glm_lsp.errors import AddressError

MAX_SOCKET_PATH = 100
"""Bytes. The kernel's limit is 107 on Linux and 103 on macOS; the rest is room for temporary names."""


@dataclass(frozen=True)
class UnixAddress:
    """A socket file, by absolute path."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True)
class TcpAddress:
    """A port. Port 0 is any free one; engines with port 0 are told apart by `name`."""

    host: str
    port: int
    name: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" + (f"#{self.name}" if self.name else "")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


@dataclass(frozen=True)
class UrlAddress:
    """The base URL of a server, without a trailing slash."""

    url: str

    def __str__(self) -> str:
        return self.url


_TCP = re.compile(
    r"(?:\[(?P<ip6>[0-9a-fA-F:.]+)\]|(?P<host>[^:\s/@\[\]]+)):(?P<port>\d{1,5})(?:#(?P<name>[\w.-]+))?"
)
Address = UnixAddress | TcpAddress | UrlAddress
LocalAddress = UnixAddress | TcpAddress


def parse_address(text: str, *, allow_remote: bool = False) -> Address:
    """Reads an address.

    Raises:
        AddressError: not an address, a socket path of more than `MAX_SOCKET_PATH` bytes, or, without
            `allow_remote`, a port or plain http that is not loopback.
    """
    if text.startswith("unix:"):
        return _parse_unix(text.removeprefix("unix:"))
    if re.match(r"https?://", text):
        return _parse_url(text, allow_remote)
    return _parse_tcp(text, allow_remote)


def default_address(model: str, model_hash: str = "", options: Sequence[str] = ()) -> LocalAddress:
    """The address of the engine that serves this model with these options in this version.

    Another version, model or option gives another address, so engines that differ never meet.

    Raises:
        StorageError: the runtime folder cannot be used.
    """
    digest = _digest("\0".join((__version__, model, model_hash, *options)))
    slug = re.sub(r"[^A-Za-z0-9]+", "-", model).strip("-")[-24:].strip("-") or "model"
    name = f"{slug}-{__version__}-{digest}"
    if os.name == "nt":
        return TcpAddress("127.0.0.1", 0, name)
    path = paths.runtime_dir() / f"{name}.sock"
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        path = _short_folder() / f"{_digest(str(path))}.sock"
    return UnixAddress(path)


def companion_file(address: LocalAddress, suffix: str) -> Path:
    """The file of an engine in the runtime folder: `.lock` or `.json`.

    Raises:
        StorageError: the runtime folder cannot be used.
    """
    return paths.runtime_dir() / (companion_stem(address) + suffix)


def companion_stem(address: LocalAddress) -> str:
    """A file name without suffix that belongs to this address alone."""
    label = address.path.stem if isinstance(address, UnixAddress) else address.name or f"port-{address.port}"
    label = re.sub(r"[^A-Za-z0-9.]+", "-", label)[:60]
    return f"{label}-{_digest(str(address))}"


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address is this machine's; names are not looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_socket_owner(path: Path) -> None:
    """Refuses a socket that somebody else made: code would be sent to them. A missing one is fine.

    Raises:
        AddressError: it belongs to another user, or is no socket.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise AddressError(f"{path} cannot be examined: {error.strerror}") from error
    if not stat.S_ISSOCK(status.st_mode):
        raise AddressError(f"{path} exists and is not a socket")
    if sys.platform != "win32" and status.st_uid != os.getuid():
        raise AddressError(f"{path} belongs to another user")


def _digest(text: str) -> str:
    return hashlib.blake2s(text.encode("utf-8", "surrogateescape"), digest_size=5).hexdigest()


def _parse_unix(text: str) -> UnixAddress:
    if not text.removeprefix("//"):
        raise AddressError("unix: names no socket")
    if "\0" in text:
        raise AddressError("a socket path cannot hold a NUL character")
    path = Path(text.removeprefix("//") if text.startswith("///") else text).expanduser().absolute()
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH:
        raise AddressError(
            f"the socket path {path} has {length} bytes; at most {MAX_SOCKET_PATH} can be used"
        )
    return UnixAddress(path)


def _parse_url(text: str, allow_remote: bool) -> UrlAddress:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is not an address: {error}") from error
    if not host or parts.username or parts.password:
        raise AddressError("an engine URL needs a host, and no user name or password")
    if parts.scheme == "http" and not is_loopback(host) and not allow_remote:
        raise AddressError(
            f"{text!r} would send code unencrypted", "Use https, or an address of this machine."
        )
    return UrlAddress(text.rstrip("/"))


def _parse_tcp(text: str, allow_remote: bool) -> TcpAddress:
    match = _TCP.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise AddressError(f"{text!r} is not an address")
    address = TcpAddress(match["ip6"] or match["host"], int(match["port"]), match["name"] or "")
    if not address.is_loopback and not allow_remote:
        raise AddressError(
            f"{address} is reachable from other machines",
            "Listen on 127.0.0.1 or unix:PATH, or add --allow-remote and set a token.",
        )
    return address


def _short_folder() -> Path:
    """A private folder with a short name, for when the runtime folder's is too long for a socket."""
    if sys.platform == "win32":
        raise AddressError("unix sockets cannot be used on Windows")
    folder = Path(tempfile.gettempdir()) / f"glm-lsp-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise paths.storage_error(folder, error) from error
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    if not private or status.st_uid != os.getuid():
        raise AddressError(
            f"{folder} is not a private folder of yours", "Set TMPDIR to a folder of your own."
        )
    return folder
