"""Names of documents: from the URI an editor uses to the path a model sees."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from glm_lsp.references.location import path_of

_ONE_SLASH = re.compile(r"file:/(?!/)", re.IGNORECASE)
_DRIVE = re.compile(r"/?([A-Za-z]):(?=[/\\]|$)")


@dataclass(frozen=True, slots=True)
class _Location:
    root: str
    """Scheme, host and drive: what two documents of one tree have in common."""
    parts: tuple[str, ...]
    keys: tuple[str, ...]
    """`parts` as the file system compares them."""


@lru_cache(maxsize=256)
def document_key(uri: str) -> str:
    """The same for two spellings of one URI: `%3A` or a colon, upper or lower case drive letter, `file:/` or `file:///`."""
    plain = _ONE_SLASH.sub("file:///", unquote(uri)) if _ONE_SLASH.match(uri) else unquote(uri)
    drive = re.match(r"file:///[A-Za-z]:", plain)
    return plain if drive is None else plain[: drive.end()].lower() + plain[drive.end() :]


def relative_path(uri: str, folders: Iterable[str]) -> str:
    """The path of `uri` below the innermost of the workspace `folders` (URIs), with forward slashes.

    Outside of all folders it is the file's name; for an unsaved document it is empty.
    """
    location = _locate(uri)
    if location is None or not location.parts:
        return ""
    depths = [len(folder.parts) for folder in map(_locate, folders) if folder and _contains(folder, location)]
    depth = max(depths, default=len(location.parts) - 1)
    return "/".join(location.parts[depth:])


def real_path(uri: str) -> str:
    """Where a document's file really lies, links resolved; empty where that is the same or unknown."""
    try:
        path = path_of(uri)
        real = os.path.realpath(path) if path else ""
    except (OSError, ValueError):
        return ""
    return "" if real == path else real.replace(os.sep, "/")


def _contains(folder: _Location, location: _Location) -> bool:
    depth = len(folder.parts)
    same_root = folder.root == location.root
    return same_root and depth < len(location.parts) and folder.keys == location.keys[:depth]


@lru_cache(maxsize=256)
def _locate(uri: str) -> _Location | None:
    """None for documents that lie nowhere: `untitled:`, `git:` without a path, not a URI."""
    try:
        scheme, host, path, _, _ = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(path, errors="replace")
    if scheme == "file" and host.lower() == "localhost":
        host = ""
    if not scheme or scheme == "untitled" or not path.startswith("/"):
        return None
    drive = _DRIVE.match(path)
    on_windows = drive is not None or (scheme == "file" and host != "")
    if on_windows:
        path = path[drive.end() if drive else 0 :].replace("\\", "/")
    parts = tuple(part for part in posixpath.normpath(path).split("/") if part not in ("", "."))
    keys = tuple(part.lower() for part in parts) if on_windows else parts
    return _Location(f"{scheme}://{host}/{drive[1].lower() if drive else ''}", parts, keys)
