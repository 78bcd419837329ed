"""Source files and licences of wheels, npm and Debian packages, and of the interpreter's own library."""

from __future__ import annotations

import json
import lzma
import sysconfig
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus import deb, dep5
from glm_lsp.train.corpus.languages import language_of_path
from glm_lsp.train.corpus.licences import LicenceDecision, decide, decide_npm, expression_allowed
from glm_lsp.train.corpus.pins import Pin

MAX_MEMBER = 2_000_000  # bytes; larger ones cannot pass the filters and are not read

# Tests and data of the standard library, and what is not its own work.
STDLIB_SKIPPED = frozenset(
    (
        *("test", "tests", "idlelib", "lib2to3", "encodings", "pydoc_data", "turtledemo", "ensurepip"),
        *("msilib", "site-packages", "dist-packages", "__pycache__"),
    )
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the corpus needs of one archive.

    Attributes:
        verdict: the licence gate's.
        members: (path, content) of the files in the pin's languages, in archive order.
        licence: the SPDX expression a file is under, by path; None when it is not one of the allowed ones.
    """

    verdict: LicenceDecision
    members: Iterator[tuple[str, bytes]]
    licence: Callable[[str], str | None]


def contents(pin: Pin, archive: Path) -> Contents:
    """The gate's verdict on a package, and its files.

    Raises:
        TrainingError: the file is no readable archive of its kind (its members: only when they are read).
    """
    if pin.registry == "debian":
        return _debian_contents(pin, archive)
    if pin.registry == "npm":
        package = json.loads(_tar_text(archive, "package.json") or "{}")
        verdict = decide_npm(package, tuple(_npm_licence_texts(archive)))
    else:
        verdict = decide(archive_metadata(archive), tuple(licence_texts(archive)))
    return Contents(verdict, archive_members(archive, pin.languages), lambda _: verdict.spdx)


def archive_members(archive: Path, languages: Collection[str] = ("python",)) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every member in the languages, in archive order.

    The top folder of a source archive is cut off, and what a package's system puts above a .deb's sources.

    Raises:
        TrainingError: the file is no readable archive.
    """
    try:
        if archive.suffix in {".whl", ".zip"}:
            yield from _zip_members(archive, languages)
        elif archive.suffix == ".deb":
            for path, tar, member in deb.members(archive):
                if _wanted(path, member.size, languages):
                    yield deb.project_path(path), _read(tar, member)
        else:
            yield from _tar_members(archive, languages)
    except _UNREADABLE as error:
        raise _unreadable(archive, error) from error


def archive_metadata(archive: Path) -> str:
    """The text of METADATA (wheel) or PKG-INFO (source archive).

    Raises:
        TrainingError: there is none, or the archive is unreadable.
    """
    if archive.suffix not in {".whl", ".zip"}:
        text = _tar_text(archive, "PKG-INFO")
        if text is not None:
            return text
    else:
        try:
            with zipfile.ZipFile(archive) as wheel:
                names = [n for n in wheel.namelist() if n.count("/") == 1 and n.endswith("/METADATA")]
                if names:
                    return wheel.read(names[0]).decode("utf-8", "replace")
        except _UNREADABLE as error:
            raise _unreadable(archive, error) from error
    raise TrainingError(f"{archive} has no package metadata", _REMEDY)


def licence_texts(archive: Path) -> Iterator[str]:
    """The licence files beside a wheel's metadata; nothing for source archives."""
    if archive.suffix != ".whl":
        return
    with zipfile.ZipFile(archive) as wheel:
        for name in wheel.namelist():
            path = PurePosixPath(name)
            if _is_licence(path.name) and path.parts[0].endswith(".dist-info"):
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
_UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, EOFError, lzma.LZMAError, zlib.error)


def _unreadable(archive: Path, error: Exception) -> TrainingError:
    return TrainingError(f"{archive} is not a readable archive: {error}", _REMEDY)


def _is_licence(name: str) -> bool:
    return name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))


def _wanted(path: str, size: int, languages: Collection[str]) -> bool:
    language = language_of_path(path)
    # Whether a header is C or C++ is decided by its text, later.
    return size <= MAX_MEMBER and (language in languages or (language == "c" and "cpp" in languages))


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    return b"" if content is None else content.read()


def _zip_members(archive: Path, languages: Collection[str]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as wheel:
        for info in wheel.infolist():
            if _wanted(info.filename, info.file_size, languages):
                yield info.filename, wheel.read(info)


def _tar_members(archive: Path, languages: Collection[str]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts
            if member.isfile() and len(parts) > 1 and _wanted(member.name, member.size, languages):
                yield PurePosixPath(*parts[1:]).as_posix(), _read(tar, member)


def _tar_text(archive: Path, name: str) -> str | None:
    """The text of a file right below the top folder."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.name.count("/") == 1 and member.name.endswith(f"/{name}"):
                    return _read(tar, member).decode("utf-8", "replace")
    except _UNREADABLE as error:
        raise _unreadable(archive, error) from error
    return None


def _npm_licence_texts(archive: Path) -> Iterator[str]:
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if member.isfile() and len(path.parts) == 2 and _is_licence(path.name):
                yield _read(tar, member).decode("utf-8", "replace")


def _debian_contents(pin: Pin, archive: Path) -> Contents:
    text = ""
    try:
        for path, tar, member in deb.members(archive):
            if path == f"usr/share/doc/{pin.name}/copyright":
                text = _read(tar, member).decode("utf-8", "replace")
    except _UNREADABLE as error:
        raise _unreadable(archive, error) from error
    found = dep5.parsed(text)
    if found is None:
        return Contents(LicenceDecision(False, "", "none"), iter(()), lambda _: None)
    verdict = LicenceDecision(expression_allowed(found.default), found.default, "copyright")
    return Contents(verdict, archive_members(archive, pin.languages), found.licence)
