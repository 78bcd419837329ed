"""A stored keystroke trace: files as they are at first, and what a person does to them, key by key.

A suggestion that is taken takes the place of the keys it saves. So what is pressed depends on what is shown, but
the text that comes of it does not: every event knows how much of its edit's text stands before it.
"""

from __future__ import annotations

import lzma
from functools import cached_property
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from glm_lsp.errors import InputError
from glm_lsp.paths import storage_error

FORMAT_VERSION = 1
_MAX_PACKED_BYTES = 64 * 1024 * 1024
_OWN = "own-sources.json.xz"

Count = Annotated[int, Meta(ge=0)]


class Key(Struct, frozen=True, array_like=True, tag="key"):
    """One key that is right.

    Attributes:
        at: characters of the edit's text that stand before it.
        text: what the editor inserts; for Enter the line feed and the next line's indent.
        delay_ms: since the event before. So in all events.
    """

    at: Count
    text: str
    delay_ms: Count


class Slip(Struct, frozen=True, array_like=True, tag="slip"):
    """A key that is wrong, or one pressed before the wrong one was noticed; it is taken back."""

    at: Count
    text: str
    delay_ms: Count


class Back(Struct, frozen=True, array_like=True, tag="back"):
    """Backspace: takes one character back that does not belong there."""

    at: Count
    delay_ms: Count


class Look(Struct, frozen=True, array_like=True, tag="look"):
    """The person scrolls to another line of the file and puts the cursor at its end."""

    at: Count
    line: Count
    delay_ms: Count


class Return(Struct, frozen=True, array_like=True, tag="return"):
    """And comes back."""

    at: Count
    delay_ms: Count


Event = Key | Slip | Back | Look | Return


class TraceFile(Struct, frozen=True, kw_only=True):
    r"""A document as it is before anything happens to it; lines end with `\n`.

    Attributes:
        path: relative, with forward slashes.
        language: as LSP names it.
    """

    path: str
    language: str
    text: str


class Edit(Struct, frozen=True, kw_only=True):
    """One place where something is written, from going there to leaving.

    Attributes:
        file: number of the file, from 0.
        offset: where, in code points of the file's text at that time.
        wrong: what stands there and has to go first.
        text: what stands there in the end.
        delay_ms: until the cursor is there.
        events: `at` never falls.
    """

    file: Count
    offset: Count
    wrong: str
    text: str
    delay_ms: Count
    events: tuple[Event, ...]


class Trace(Struct, frozen=True, kw_only=True, dict=True):
    """Everything that is needed to repeat it, and where it came from.

    Attributes:
        description: the origin of the files, in words.
        seed: of all that was drawn.
    """

    description: str
    seed: int
    files: tuple[TraceFile, ...]
    edits: tuple[Edit, ...]
    format_version: int = FORMAT_VERSION

    @property
    def num_keys(self) -> int:
        """Keys that are pressed when no suggestion is taken."""
        return sum(isinstance(event, Key | Slip | Back) for edit in self.edits for event in edit.events)

    @property
    def duration_s(self) -> float:
        """Seconds that all of it takes when no suggestion is taken."""
        delays = (edit.delay_ms + sum(event.delay_ms for event in edit.events) for edit in self.edits)
        return sum(delays) / 1000

    @cached_property
    def digest(self) -> str:
        """32 hexadecimal digits: two replays of traces with equal digests have had the same to do."""
        return blake2b(msgspec.json.encode(self), digest_size=16).hexdigest()

    def final_texts(self) -> list[str]:
        """Every file's text when all edits are made."""
        texts = [file.text for file in self.files]
        for edit in self.edits:
            text = texts[edit.file]
            texts[edit.file] = text[: edit.offset] + edit.text + text[edit.offset + len(edit.wrong) :]
        return texts

    def about(self) -> dict[str, Any]:
        """What a report says about it."""
        return {
            "description": self.description,
            "digest": self.digest,
            "seed": self.seed,
            "files": len(self.files),
            "edits": len(self.edits),
            "keys": self.num_keys,
        }


def own_trace() -> Trace:
    """The trace that ships with the program: its own sources, on which the starter was not trained."""
    data = resources.files(__package__).joinpath(_OWN).read_bytes()
    return _decode(data, _OWN)


def store_trace(trace: Trace, path: Path) -> int:
    """Writes a trace as JSON packed with xz and returns the file's size in bytes; equal traces make equal files.

    Raises:
        StorageError: it cannot be written.
    """
    data = lzma.compress(msgspec.json.encode(trace), preset=9 | lzma.PRESET_EXTREME)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise storage_error(path, error) from error
    return len(data)


def load_trace(path: Path) -> Trace:
    """A trace that `store_trace` wrote.

    Raises:
        InputError: the file cannot be read or is no trace.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "Name a stored trace.") from error
    return _decode(data, str(path))


def _decode(data: bytes, name: str) -> Trace:
    remedy = "Make it anew with `python -m glm_lsp.bench.trace build`."
    try:
        decompressor = lzma.LZMADecompressor()
        # A small file can unpack to more than the memory holds.
        unpacked = decompressor.decompress(data, max_length=_MAX_PACKED_BYTES)
        if not decompressor.eof:
            raise InputError(f"{name} is cut off, or too large for a keystroke trace", remedy)
        trace = msgspec.json.decode(unpacked, type=Trace)
    except (lzma.LZMAError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{name} is not a keystroke trace: {error}", remedy) from error
    if trace.format_version != FORMAT_VERSION:
        raise InputError(
            f"{name} has format version {trace.format_version}; this program reads {FORMAT_VERSION}", remedy
        )
    if problem := _problem(trace):
        raise InputError(f"{name} cannot be replayed: {problem}", remedy)
    return trace


def _problem(trace: Trace) -> str:
    """What makes a replay impossible; empty for a trace that can be replayed."""
    texts = [file.text for file in trace.files]
    for number, edit in enumerate(trace.edits):
        if edit.file >= len(texts):
            return f"edit {number} names a file that is not there"
        text = texts[edit.file]
        end = edit.offset + len(edit.wrong)
        if text[edit.offset : end] != edit.wrong or end > len(text):
            return f"edit {number} does not find its place"
        if not _writes_its_text(edit):
            return f"the keys of edit {number} do not write its text"
        num_lines = text.count("\n") + 1
        if any(isinstance(event, Look) and event.line >= num_lines for event in edit.events):
            return f"edit {number} looks at a line that is not there"
        texts[edit.file] = text[: edit.offset] + edit.text + text[end:]
    return ""


def _writes_its_text(edit: Edit) -> bool:
    done, num_wrong, is_away = 0, len(edit.wrong), False
    for event in edit.events:
        if event.at != done or is_away is not isinstance(event, Return):
            return False
        is_away = isinstance(event, Look)
        if isinstance(event, Slip):
            num_wrong += len(event.text)
        elif isinstance(event, Back):
            num_wrong -= 1
        elif num_wrong:
            return False
        elif isinstance(event, Key):
            done += len(event.text)
        if num_wrong < 0:
            return False
    written = "".join(event.text for event in edit.events if isinstance(event, Key))
    return written == edit.text and not num_wrong and not is_away
