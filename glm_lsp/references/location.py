"""Where documents and files lie: from an editor's address to a path, from a path to its place in the workspace."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

_DRIVE = re.compile(r"/(?P<drive>[A-Za-z]:)(?=/|\Z)")
_ADDRESS = re.compile(r"file:(?://(?P<host>[^/]*)|(?!//))(?P<path>/.*)", re.IGNORECASE | re.DOTALL)
_BEFORE_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]+:)+(?://[^/]*)?")


def file_of(uri: str) -> str:
    """The path of a `file:` address; empty for documents that lie nowhere on this machine."""
    return file_of_key(unquote(uri.partition("?")[0].partition("#")[0]))


def file_of_key(key: str) -> str:
    """The same for an address that is decoded already."""
    found = _ADDRESS.match(key)
    if found is None or "\0" in key:
        return ""
    path, host = found["path"], found["host"] or ""
    if os.sep == "/":
        path = "/" + path.lstrip("/")
    if host.lower() not in ("", "localhost"):
        path = f"//{host}{path}"
    elif drive := _DRIVE.match(path):
        path = drive["drive"].lower() + path[drive.end() :]
    return os.path.normpath(path)


def path_of(address: str) -> str:
    """The path in an address of any scheme, as of the older version of a file or of a cell of a notebook.

    Empty where there is none. A path is one already.
    """
    if os.path.isabs(address):  # noqa: PTH117
        return file_of_key(f"file:{address}") if os.sep == "/" else os.path.normpath(address)
    return _path_of_key(unquote(address.partition("?")[0].partition("#")[0]))


def paths_of(address: str) -> tuple[str, ...]:
    """Every path that an address may mean: some editors leave `?` and `#` in names as they are."""
    paths = (path_of(address), _path_of_key(unquote(address)))
    return tuple(dict.fromkeys(path for path in paths if path))


def _path_of_key(key: str) -> str:
    return file_of_key(key) or file_of_key("file:" + _BEFORE_PATH.sub("", key, count=1))


def joined(folder: str, *names: str) -> str:
    """A path in a folder. Texts, not `Path`s: many are made for each that is used."""
    return os.path.join(folder, *names)  # noqa: PTH118


def parent(path: str) -> str:
    """The folder a path lies in."""
    return os.path.dirname(path)  # noqa: PTH120


def is_below(folder: str, path: str) -> bool:
    """Whether a path lies below a folder; both are absolute and normal. By names: links are not followed."""
    folder, path = os.path.normcase(folder), os.path.normcase(path)
    return path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def root_of(path: str, roots: Sequence[str]) -> str:
    """The innermost of the folders in which a path lies; empty if it lies in none."""
    return max((root for root in roots if is_below(root, path)), key=len, default="")


def shown_path(path: str, root: str) -> str:
    """The path as a model sees it: relative to the workspace, with forward slashes.

    File names may be any bytes; what is no UTF-8 becomes question marks.
    """
    shown = path[len(root) :].lstrip(os.sep).replace(os.sep, "/")
    return shown.encode("utf-8", "replace").decode()


def normal_roots(roots: Sequence[Path]) -> tuple[str, ...]:
    """Absolute folders without `..`; links stay as they are."""
    return tuple(dict.fromkeys(os.path.normpath(root.absolute()) for root in roots))
