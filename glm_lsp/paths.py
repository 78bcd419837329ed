"""The folders this program writes to, made when first asked for and readable by their owner alone.

`GLM_LSP_HOME` puts all of them under one folder; otherwise each lies where the platform wants it.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import warnings
from pathlib import Path

import platformdirs

from glm_lsp.errors import StorageError, StorageFullError

HOME_VARIABLE = "GLM_LSP_HOME"
_APP = "glm-lsp"
_FULL = (errno.ENOSPC, errno.EDQUOT)


def cache_dir() -> Path:
    """Whatever can be computed again.

    Raises:
        StorageError: the folder cannot be made or written to; `StorageFullError` when the disk is full. So do
            the other functions that return a folder.
    """
    return _usable(_home("cache") or platformdirs.user_cache_path(_APP, appauthor=False))


def runtime_dir() -> Path:
    """Sockets and locks of running engines. Nobody else may enter it, or they could pose as the engine."""
    folder = _usable(_home("run") or _platform_runtime_dir())
    _keep_others_out(folder)
    return folder


def log_dir() -> Path:
    """Log files."""
    return _usable(_home("logs") or platformdirs.user_log_path(_APP, appauthor=False))


def models_dir() -> Path:
    """Installed models, one folder each."""
    return _usable(_home("models") or platformdirs.user_data_path(_APP, appauthor=False) / "models")


def checkpoints_dir() -> Path:
    """Downloaded checkpoints, one folder for each commit of a repository."""
    return _usable(_home("checkpoints") or platformdirs.user_data_path(_APP, appauthor=False) / "checkpoints")


def config_file() -> Path:
    """Where the settings file would lie. It is never created."""
    return _home("config.toml") or platformdirs.user_config_path(_APP, appauthor=False) / "config.toml"


def storage_error(path: Path, error: OSError) -> StorageError:
    """The error to raise when the file system refused `path`."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StorageFullError(f"no space left for {path}")
    return StorageError(f"{path} cannot be used: {reason}")


def _home(name: str) -> Path | None:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).expanduser().absolute() / name if home else None


def _usable(folder: Path) -> Path:
    try:
        # `mode` holds for the last folder only, which is the one that is ours.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"{folder} cannot be written to")
    return folder


def _platform_runtime_dir() -> Path:
    with warnings.catch_warnings():
        # platformdirs warns when the session has no runtime folder; its way out is replaced below.
        warnings.simplefilter("ignore")
        folder = platformdirs.user_runtime_path(_APP, appauthor=False)
    shared = Path(tempfile.gettempdir())
    if sys.platform == "win32" or not folder.is_relative_to(shared):
        return folder
    # Directly below the shared folder, whose sticky bit keeps others from moving ours away.
    return shared / f"{_APP}-{os.getuid()}"


def _keep_others_out(folder: Path) -> None:
    """Below a shared folder, others may have made ours first, or a link to theirs."""
    if sys.platform == "win32":
        return
    try:
        status = folder.stat()
        if {status.st_uid, folder.lstat().st_uid} != {os.getuid()}:
            raise StorageError(f"{folder} belongs to another user")
        if status.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise storage_error(folder, error) from error
