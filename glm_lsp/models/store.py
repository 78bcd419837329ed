"""Where models live: the built-in starter inside the package, and the user's in the models folder."""

from __future__ import annotations

import difflib
import re
import shutil
import uuid
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from glm_lsp.errors import InputError, ModelError, ModelFileError, ModelNotFoundError, StorageError
from glm_lsp.models.integrity import check_at_start, hash_file
from glm_lsp.models.manifest import (
    CONFIG_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    WEIGHT_FILE,
    Manifest,
)
from glm_lsp.models.model_config import ModelConfig, read_config
from glm_lsp.paths import cache_dir, models_dir, storage_error

STARTER = "starter"
REQUIRED_FILES = (CONFIG_FILE, TOKENIZER_FILE, MODEL_FILE, WEIGHT_FILE)

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""What Windows takes for a device in whatever folder."""


def is_model_name(name: str) -> bool:
    """Whether a folder can have that name on every system, and beside it hidden ones of somewhat longer names."""
    return _NAME.fullmatch(name) is not None and _DEVICE.fullmatch(name) is None


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on disk whose manifest and config have been read; its weights have not."""

    path: Path
    manifest: Manifest
    config: ModelConfig

    @classmethod
    def load(cls, path: Path) -> ModelFolder:
        """Reads the manifest and config of a model folder.

        Raises:
            ModelNotFoundError: there is no such folder.
            ModelError: the manifest, the config or a required file cannot be used.
        """
        if not path.is_dir():
            raise ModelNotFoundError(f"there is no model folder {path}")
        manifest = Manifest.read(path)
        for name in REQUIRED_FILES:
            if name not in manifest.files or not (path / name).is_file():
                raise ModelFileError(f"{path} has no {name}")
        return cls(path, manifest, read_config(path / CONFIG_FILE))

    @property
    def hash(self) -> str:
        """SHA-256 of the manifest, which holds the hash of every other file: one value for a whole model."""
        return hash_file(self.path / MANIFEST_FILE)

    @property
    def graph_path(self) -> Path:
        """The ONNX graph."""
        return self.path / MODEL_FILE

    @property
    def tokenizer_path(self) -> Path:
        """The tokenizer, in the format of the tokenizers package."""
        return self.path / TOKENIZER_FILE

    def check_at_start(self) -> None:
        """Compares the files with the manifest, remembering large ones in the cache folder.

        Raises:
            ModelFileError: a file is missing or differs.
        """
        try:
            memory = cache_dir()
        except StorageError:
            memory = None  # large files are then hashed at every start
        check_at_start(self.path, self.manifest, memory)


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """One line of `ModelStore.list`: a model, or the reason why the folder is not one."""

    name: str
    path: Path
    built_in: bool
    model: ModelFolder | None
    error: ModelError | None = None


class ModelStore:
    """The models installed for one user.

    Args:
        folder: where the user's models are; `paths.models_dir()` when omitted.
        starter: the built-in model's folder; for tests.
    """

    def __init__(self, folder: Path | None = None, starter: Path | None = None) -> None:
        self._folder = folder
        self.starter = starter or Path(str(resources.files("glm_lsp.models") / STARTER))

    @property
    def folder(self) -> Path:
        """The user's models, one folder each; asked for late, as the starter needs no writable home."""
        return self._folder or models_dir()

    def path_of(self, name: str) -> Path:
        """Where a model of that name is or would be.

        Raises:
            InputError: the name cannot be a folder's name everywhere.
        """
        if not is_model_name(name):
            raise InputError(
                f"{name!r} is not a model name",
                "Use up to 128 letters, digits, dots, dashes and underscores, and no name of a device such as aux.",
            )
        return self.starter if name == STARTER else self.folder / name

    def new_path(self, name: str) -> Path:
        """Where a model of that name can be put, if nothing else is there yet.

        Raises:
            InputError: as `path_of`; it is the built-in model's, or differs from another in case only, which are one
                name on some systems.
        """
        path = self.path_of(name)
        if name == STARTER:
            raise InputError(f"{STARTER!r} is the built-in model's name", "Choose another one with --name.")
        for other in (STARTER, *(entry.name for entry in self.list())):
            if other != name and other.lower() == name.lower():
                raise InputError(
                    f"{name!r} differs from the model {other!r} in case only",
                    "Choose another name with --name.",
                )
        return path

    def list(self) -> list[StoreEntry]:
        """All models, the built-in one first, then by name; broken folders are listed with their error."""
        entries = [_entry(STARTER, self.starter, built_in=True)] if self.starter.is_dir() else []
        folder = self.folder
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        models = [name for name in names if is_model_name(name) and (folder / name).is_dir()]
        return entries + [_entry(name, folder / name, built_in=False) for name in models]

    def resolve(self, name_or_path: str = STARTER) -> ModelFolder:
        """The model of that name, else the model folder at that path.

        Raises:
            ModelNotFoundError: neither exists; the message offers similar names.
            ModelError: the folder cannot be used.
        """
        if is_model_name(name_or_path):
            path = self.path_of(name_or_path)
            if path.is_dir():
                return ModelFolder.load(path)
        path = Path(name_or_path).expanduser()
        if path.is_dir():
            return ModelFolder.load(path.absolute())
        raise ModelNotFoundError(f"there is no model {name_or_path!r}{self._suggestion(name_or_path)}")

    def remove(self, name: str) -> None:
        """Deletes one of the user's models.

        Raises:
            ModelNotFoundError: there is none of that name.
            InputError: the built-in model was named, or the folder is no model.
            StorageError: the folder cannot be deleted.
        """
        if name == STARTER:
            raise InputError("the built-in model cannot be removed", "Uninstall glm-lsp instead.")
        path = self.path_of(name)
        if not path.is_dir():
            raise ModelNotFoundError(f"there is no model {name!r}{self._suggestion(name)}")
        if not (path / MANIFEST_FILE).is_file():
            raise InputError(f"{path} is not a model of this program", "Delete the folder yourself.")
        # Renamed first, so that an interruption leaves no half model under its name.
        doomed = path.with_name(f".removed-{uuid.uuid4().hex}")
        try:
            path.rename(doomed)
            doomed.unlink() if doomed.is_symlink() else shutil.rmtree(doomed)
        except OSError as error:
            raise storage_error(path, error) from error

    def _suggestion(self, name: str) -> str:
        close = difflib.get_close_matches(name, [entry.name for entry in self.list()], n=3)
        return f"; did you mean {' or '.join(close)}?" if close else ""


def _entry(name: str, path: Path, *, built_in: bool) -> StoreEntry:
    try:
        return StoreEntry(name, path, built_in, ModelFolder.load(path))
    except ModelError as error:
        return StoreEntry(name, path, built_in, None, error)
