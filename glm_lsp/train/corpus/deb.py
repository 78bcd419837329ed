"""Files inside a .deb: an `ar` archive whose member data.tar.* holds them under their installed paths."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_MAGIC = b"!<arch>\n"
_NESTED = (".tar.xz", ".tar.gz", ".tar.bz2", ".tgz")  # packages of sources hold one such file

# Where packages keep sources; what follows is nearer to a path in somebody's project.
_ROOTS = (
    "usr/share/gocode/src/",
    "usr/share/cargo/registry/",
    "usr/lib/rustlib/src/rust/",
    "usr/lib/rustlib/src/",
    "usr/include/",
    "usr/src/",
    "usr/share/",
)


def members(archive: Path) -> Iterator[tuple[str, tarfile.TarFile, tarfile.TarInfo]]:
    """(installed path, open tar file, member) of every regular file, in archive order.

    Source archives inside are opened too; their files stand under the archive's folder, its top folder cut off.

    Raises:
        tarfile.TarError: the archive is damaged, or its compression is unknown.
    """
    with tarfile.open(fileobj=io.BytesIO(_data(archive))) as tar:
        for member in tar:
            path = member.name.removeprefix("./")
            if not member.isfile():
                continue
            if path.startswith("usr/src/") and path.endswith(_NESTED):
                yield from _nested(tar, member, path)
            else:
                yield path, tar, member


def project_path(path: str) -> str:
    """An installed path without the system's own folders."""
    for root in _ROOTS:
        if path.startswith(root) and path != root:
            return path.removeprefix(root)
    return path


def _nested(
    tar: tarfile.TarFile, member: tarfile.TarInfo, path: str
) -> Iterator[tuple[str, tarfile.TarFile, tarfile.TarInfo]]:
    with tarfile.open(fileobj=tar.extractfile(member)) as inner:
        for file in inner:
            parts = PurePosixPath(file.name.removeprefix("./")).parts
            if file.isfile() and len(parts) > 1:
                yield (PurePosixPath(path).parent.joinpath(*parts[1:])).as_posix(), inner, file


def _data(archive: Path) -> bytes:
    """The content of data.tar.*."""
    content = archive.read_bytes()
    if not content.startswith(_MAGIC):
        raise tarfile.ReadError("not a Debian package")
    at = len(_MAGIC)
    while at + 60 <= len(content):
        header = content[at : at + 60]
        size = int(header[48:58])
        if header[:16].strip().startswith(b"data.tar"):
            return content[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise tarfile.ReadError("no data.tar in the package")
