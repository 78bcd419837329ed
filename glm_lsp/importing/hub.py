"""A model repository on the Hugging Face hub, or a mirror: what it holds, and its files on this machine.

The revision is resolved to a commit once, and every file is taken from that commit. Nothing of what is downloaded is
ever run. `HF_ENDPOINT`, `HF_TOKEN` and the proxy variables mean what they mean to the hub's own client, which does the
talking.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from glm_lsp.byte_size import BytesDone
from glm_lsp.errors import HubError, HubFileError
from glm_lsp.importing.download import (
    Memory,
    Origin,
    Transfer,
    drop_small,
    fetch_files,
    fetch_small,
    missing_bytes,
)
from glm_lsp.importing.hub_errors import hub_errors
from glm_lsp.importing.hub_files import HubFile, is_licence, listed, wanted
from glm_lsp.paths import checkpoints_dir

SETTINGS = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # its own transfer cannot go on where it ended
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_VERBOSITY": "error",
}
PIECE_BYTES = 2**18
"""What an interruption loses at most. The client's own 10 MB take minutes on a slow line."""

PATIENCE_S = 30.0
"""For an answer about a repository or a file; the client has its own for the file's bytes."""

LICENCE_LINES = 3
MAX_LICENCE_BYTES = 2**18

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms a model is given: what its card says, and how its licence files begin."""

    name: str
    link: str
    beginnings: dict[str, str]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.link) if part)


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be downloaded: the needed files of one commit (40 hexadecimal digits) of a repository."""

    repo_id: str
    revision: str
    hub: str
    licence: Licence
    files: list[HubFile]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def missing_bytes(self) -> int:
        """Of what is not in `folder` yet."""
        return missing_bytes(self.files, self.folder)

    @property
    def origin(self) -> Origin:
        """What the folder will say of itself."""
        files = {file.name: file.bytes for file in self.files}
        return Origin(self.repo_id, self.revision, str(self.licence), files)

    @property
    def folder(self) -> Path:
        """Where they go unless another place is named: ORG--NAME@COMMIT in the folder of checkpoints."""
        return checkpoints_dir() / f"{self.repo_id.replace('/', '--')}@{self.revision[:12]}"


@dataclass(frozen=True, slots=True)
class Pulled:
    """A checkpoint folder with the files of one commit."""

    folder: Path
    repo_id: str
    revision: str
    licence: str
    bytes: int
    files: tuple[str, ...]


def is_hub_id(text: str) -> bool:
    """Whether `text` means ORG/NAME on the hub and not a path; a path that exists is a path."""
    return _HUB_ID.fullmatch(text) is not None and not Path(text).expanduser().exists()


def pull(
    repo_id: str,
    *,
    revision: str | None = None,
    target: Path | None = None,
    progress: BytesDone | None = None,
) -> Pulled:
    """Downloads what is needed of a repository; see `look` and `fetch`, which can be called with a question between.

    Raises:
        HubError: see its subclasses.
        StorageError: the folder cannot be written; `StorageFullError` when the files do not fit, before any is taken.
    """
    return fetch(look(repo_id, revision), target=target, progress=progress)


def look(repo_id: str, revision: str | None = None) -> Offer:
    """Asks the hub what there is; writes nothing.

    Args:
        revision: a branch, a tag or a commit; the main branch when omitted.

    Raises:
        HubError: see its subclasses.
    """
    client = _client()
    # Asked for now: the client itself reads the variable once, when it is loaded.
    api = client.HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    hub = str(api.endpoint)
    with hub_errors(repo_id, hub):
        info = api.model_info(repo_id, revision=revision, files_metadata=True, timeout=PATIENCE_S)
        commit = info.sha
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise HubError(f"{hub} names no commit for {repo_id}, but {commit!r}")
        all_files = listed(info.siblings or [])
        files = wanted(all_files)
        transfer = _transfer(client, repo_id, commit, hub)
        licence = _licence(info.card_data, [file for file in files if is_licence(file.name)], transfer)
    return Offer(repo_id, commit, hub, licence, files)


def fetch(offer: Offer, *, target: Path | None = None, progress: BytesDone | None = None) -> Pulled:
    """Downloads an offer's files, going on where an earlier try ended; a folder that is complete is left as it is.

    Args:
        target: the folder to make; the offer's own when omitted.
        progress: called with the file at hand and how many of all bytes are there.

    Raises:
        HubError, StorageError: as `pull`.
        InputError: `target` exists and is something else.
    """
    client = _client()
    folder, origin = target or offer.folder, offer.origin
    with hub_errors(offer.repo_id, offer.hub):
        transfer = _transfer(client, offer.repo_id, offer.revision, offer.hub)
        fetch_files(offer.files, folder, origin, transfer, progress or _untold)
    names = tuple(sorted(origin.files))
    return Pulled(folder, offer.repo_id, offer.revision, origin.licence, offer.bytes, names)


@contextmanager
def small_files(offer: Offer) -> Iterator[Path]:
    """A folder with an offer's files but for its weights; `fetch` leaves them in place. If the block fails they go.

    Raises:
        HubError, StorageError, InputError: as `fetch`.
    """
    client = _client()
    try:
        with hub_errors(offer.repo_id, offer.hub):
            transfer = _transfer(client, offer.repo_id, offer.revision, offer.hub)
            folder = fetch_small(offer.files, offer.folder, offer.origin, transfer, _untold)
        yield folder
    except BaseException:
        drop_small(offer.folder)
        raise


def _untold(_name: str, _done: int) -> None:
    pass


def _client() -> Any:
    """The hub's client, told to keep quiet before it is loaded: it reads these variables once."""
    os.environ.update({name: value for name, value in SETTINGS.items() if name not in os.environ})
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    import huggingface_hub  # noqa: PLC0415  # only those who download need it
    from huggingface_hub import constants  # noqa: PLC0415

    constants.DOWNLOAD_CHUNK_SIZE = PIECE_BYTES
    return huggingface_hub


def _transfer(client: Any, repo_id: str, commit: str, hub: str) -> Transfer:
    """How one file of this commit is read from the hub."""
    from huggingface_hub.file_download import http_get  # noqa: PLC0415

    headers = client.utils.build_hf_headers() | {"Accept-Encoding": "identity"}

    def transfer(file: HubFile, sink: Any, offset: int) -> None:
        url = client.hf_hub_url(repo_id, file.name, revision=commit, endpoint=hub)
        with hub_errors(repo_id, hub):
            _check_source(
                client.get_hf_file_metadata(url, timeout=PATIENCE_S, endpoint=hub), file, commit, url
            )
            http_get(url, sink, resume_size=offset, headers=dict(headers), expected_size=file.bytes)

    return transfer


def _check_source(found: Any, file: HubFile, commit: str, url: str) -> None:
    """The hub says of the file itself what its listing said, and does not send us to a less safe place."""
    if found.commit_hash is None or found.etag is None:
        raise HubError(f"what answers for {url} is not a model hub")
    if found.commit_hash != commit:
        raise HubFileError(f"{file.name} comes from commit {found.commit_hash}, not from {commit}")
    if found.size is not None and found.size != file.bytes:
        raise HubFileError(f"{file.name} has {found.size} bytes, the hub lists {file.bytes}")
    source, place = urlsplit(url), urlsplit(found.location)
    if place.scheme not in (source.scheme, "https"):
        raise HubError(f"{source.netloc} sends us to {place.scheme}://{place.netloc} for {file.name}")


def _licence(card: Any, files: list[HubFile], transfer: Callable[[HubFile, Any, int], None]) -> Licence:
    values = card.to_dict() if card is not None else {}
    shown = {key: _one_line(values.get(key)) for key in ("license", "license_name", "license_link")}
    # "other" says that the name is the next field.
    named = shown["license_name"] if shown["license"] in ("", "other") else shown["license"]
    beginnings = {}
    for file in files:
        if file.bytes <= MAX_LICENCE_BYTES:
            beginnings[file.name] = _beginning(file, transfer)
    return Licence(named or shown["license"] or "not stated", shown["license_link"], beginnings)


def _beginning(file: HubFile, transfer: Callable[[HubFile, Any, int], None]) -> str:
    sink = Memory(file.bytes)
    transfer(file, sink, 0)
    text = sink.data.decode("utf-8", "replace")
    lines = [line for line in (_one_line(line) for line in text.splitlines()) if line]
    return "\n".join(lines[:LICENCE_LINES])


def _one_line(value: object) -> str:
    """Text from the hub as it may be shown on a terminal: short, and without control characters."""
    values = value if isinstance(value, list) else [value]
    text = ", ".join(str(each) for each in values if each is not None)
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:200]
