"""Which files of a model repository are needed, and whether their names may be written to a disk at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glm_lsp.errors import HubError, HubFileError

MAX_FILES = 10_000
MAX_TEXT_BYTES = 32 * 2**20
"""Of a file that is no weight file; the largest tokenizer.json has 20 MB."""

PLAIN_FILES = frozenset(
    {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "vocab.txt",
        "merges.txt",
        "tokenizer.model",
        "ice_text.model",
        "cog-pretrain.model",
        # Read as text, for one rule of the rotary embedding that config.json does not tell; it is never run.
        "modeling_chatglm.py",
        "README.md",
    }
)

_LICENCE = re.compile(r"(?:MODEL[_-])?(?:LICEN[CS]E|NOTICE)(?:\.(?:txt|md))?", re.IGNORECASE)
_SHARD = re.compile(r"[\w.-]+-\d{5}-of-\d{5}\.(safetensors|bin)", re.ASCII)
_WEIGHTS = (
    ("model.safetensors", "model.safetensors.index.json", "safetensors"),
    ("pytorch_model.bin", "pytorch_model.bin.index.json", "bin"),
)
"""Alone, index of the shards, and their ending; the first kind that is there is taken."""

_PART = re.compile(r"[^/\\:\x00-\x1f<>\"|?*]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file as the hub lists it: size in bytes, and a hash in lower-case hexadecimal.

    `sha256` is empty for files that lie in git itself; these have the hash of their git blob.
    """

    name: str
    bytes: int
    sha256: str
    git_sha1: str


def wanted(files: Sequence[HubFile]) -> list[HubFile]:
    """What is needed to import the model: config, tokenizer, licence and one kind of weights, largest last.

    Raises:
        HubError: there are no weights or no config.json, or a text is larger than texts are.
    """
    by_name = {file.name: file for file in files}
    weights = _weights(by_name)
    if "config.json" not in by_name or not weights:
        missing = "config.json" if weights else "weights as safetensors or pytorch_model.bin"
        raise HubError(f"the repository has no {missing}", "Name the repository of the original checkpoint.")
    texts = [name for name in by_name if name in PLAIN_FILES or is_licence(name)]
    for name in (*texts, *(name for name in weights if name.endswith(".json"))):
        if by_name[name].bytes > MAX_TEXT_BYTES:
            raise HubError(
                f"{name} is said to have {by_name[name].bytes} bytes, more than such a file can have"
            )
    return sorted((by_name[name] for name in {*texts, *weights}), key=lambda file: (file.bytes, file.name))


def is_weights(name: str) -> bool:
    """Whether a file of this name holds weights; all others that are wanted are small."""
    return _SHARD.fullmatch(name) is not None or name in (alone for alone, _, _ in _WEIGHTS)


def is_licence(name: str) -> bool:
    """Whether a file of this name says under which terms the model is given."""
    return _LICENCE.fullmatch(name) is not None


def _weights(by_name: Mapping[str, HubFile]) -> list[str]:
    for alone, index, ending in _WEIGHTS:
        shards = [name for name in by_name if (found := _SHARD.fullmatch(name)) and found[1] == ending]
        if index in by_name and shards:
            return [index, *shards]
        if alone in by_name:
            return [alone]
    return []


def listed(siblings: Iterable[Any]) -> list[HubFile]:
    """The files of a repository from the hub's listing; each has `rfilename`, `size`, `blob_id` and `lfs`.

    Raises:
        HubFileError: a name would lead out of its folder, or two differ in case only.
        HubError: the listing is malformed.
    """
    files: list[HubFile] = []
    for sibling in siblings:
        if len(files) == MAX_FILES:
            raise HubError(f"the repository has more than {MAX_FILES} files")
        files.append(_listed(sibling))
    kept: dict[str, str] = {}
    for file in files:
        if (other := kept.setdefault(file.name.casefold(), file.name)) != file.name:
            raise HubFileError(f"the repository has both {other!r} and {file.name!r}")
    return files


def _listed(sibling: Any) -> HubFile:
    name = getattr(sibling, "rfilename", None)
    if not isinstance(name, str) or not name:
        raise HubError(f"the hub lists a file without a name: {sibling!r:.200}")
    if not is_safe_name(name):
        raise HubFileError(f"the repository lists {name!r}, which could lead out of its folder")
    size, lfs = getattr(sibling, "size", None), getattr(sibling, "lfs", None)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise HubError(f"the hub gives {name} a size of {size!r}")
    sha256 = getattr(lfs, "sha256", "") if lfs else ""
    git_sha1 = getattr(sibling, "blob_id", "")
    if not _SHA256.fullmatch(str(sha256)) and not (not lfs and _SHA1.fullmatch(str(git_sha1))):
        raise HubError(f"the hub gives no hash for {name}")
    return HubFile(name, size, str(sha256), "" if lfs else str(git_sha1))


def is_safe_name(name: str) -> bool:
    """Whether a repository's name for a file, with slashes, stays in its folder on every system."""
    parts = name.split("/")
    return len(name) < 512 and all(
        _PART.fullmatch(part)
        and part not in (".", "..")
        and not part.endswith((" ", "."))
        and not _DEVICES.fullmatch(part)
        for part in parts
    )
