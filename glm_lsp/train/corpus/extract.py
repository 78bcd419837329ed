"""Python members of wheels, of source archives and of the interpreter's own library."""

from __future__ import annotations

import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from glm_lsp.errors import TrainingError

MAX_MEMBER = 2_000_000  # bytes; larger ones cannot pass the filters and are not read

# Tests and data of the standard library, and what is not its own work.
STDLIB_SKIPPED = frozenset(
    (
        *("test", "tests", "idlelib", "lib2to3", "encodings", "pydoc_data", "turtledemo", "ensurepip"),
        *("msilib", "site-packages", "dist-packages", "__pycache__"),
    )
)


def archive_members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every .py member, in archive order; a source archive's top folder is cut off.

    Raises:
        TrainingError: the file is no readable wheel or source archive.
    """
    try:
        if archive.suffix in {".whl", ".zip"}:
            yield from _zip_members(archive)
        else:
            yield from _tar_members(archive)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise TrainingError(f"{archive} is not a readable archive: {error}", _REMEDY) from error


def archive_metadata(archive: Path) -> str:
    """The text of METADATA (wheel) or PKG-INFO (source archive).

    Raises:
        TrainingError: there is none, or the archive is unreadable.
    """
    try:
        if archive.suffix in {".whl", ".zip"}:
            with zipfile.ZipFile(archive) as wheel:
                names = [n for n in wheel.namelist() if n.count("/") == 1 and n.endswith("/METADATA")]
                if names:
                    return wheel.read(names[0]).decode("utf-8", "replace")
        else:
            with tarfile.open(archive) as tar:
                for member in tar:
                    if member.name.count("/") == 1 and member.name.endswith("/PKG-INFO"):
                        content = tar.extractfile(member)
                        if content is not None:
                            return content.read().decode("utf-8", "replace")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise TrainingError(f"{archive} is not a readable archive: {error}", _REMEDY) from error
    raise TrainingError(f"{archive} has no package metadata", _REMEDY)


def licence_texts(archive: Path) -> Iterator[str]:
    """The licence files beside a wheel's metadata; nothing for source archives."""
    if archive.suffix != ".whl":
        return
    with zipfile.ZipFile(archive) as wheel:
        for name in wheel.namelist():
            path = PurePosixPath(name)
            named = path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
            if named and path.parts[0].endswith(".dist-info"):
                yield wheel.read(name).decode("utf-8", "replace")


def stdlib_members(root: Path | None = None) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the standard library's .py files, sorted by path; tests and data left out.

    Args:
        root: the library's folder; that of the running interpreter when omitted.
    """
    base = root if root is not None else Path(sysconfig.get_path("stdlib"))
    for file in sorted(base.rglob("*.py")):
        path = file.relative_to(base)
        skipped = STDLIB_SKIPPED.intersection(path.parts[:-1])
        # _sysconfigdata*.py and config-*/ describe one machine's build.
        if skipped or path.name.startswith("_sysconfigdata") or path.parts[0].startswith("config-"):
            continue
        yield path.as_posix(), file.read_bytes()


def decoded(content: bytes) -> str | None:
    """The file's text with "\\n" line ends and no byte order mark; None when it is not UTF-8 text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


_REMEDY = "Remove the file from the cache and run the command again."


def _zip_members(archive: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as wheel:
        for info in wheel.infolist():
            if info.filename.endswith(".py") and info.file_size <= MAX_MEMBER:
                yield info.filename, wheel.read(info)


def _tar_members(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isfile() or not member.name.endswith(".py") or member.size > MAX_MEMBER:
                continue
            content = tar.extractfile(member)
            parts = PurePosixPath(member.name).parts
            if content is not None and len(parts) > 1:
                yield PurePosixPath(*parts[1:]).as_posix(), content.read()
