"""The peers of a comparison: folders of `benchmarks/peers`, each with a `peer.toml` and an environment of its own.

A peer is there when its environment is. None is needed, and nothing of them is imported by this program.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

import glm_lsp
from glm_lsp.bench.contestant import Contestant, WorkerContestant
from glm_lsp.bench.gguf_file import write_gguf
from glm_lsp.bench.servers import LlamaServer
from glm_lsp.errors import InputError

CHECKOUT = Path(glm_lsp.__file__).parents[1]
PEERS = CHECKOUT / "benchmarks" / "peers"
ENVIRONMENT_PREFIX = ".venv-peer-"
STAMP = "installed"
"""The file in an environment that setting up writes last."""
_BIN = "Scripts" if os.name == "nt" else "bin"


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way of running a peer; `default` ones take part unless others are named."""

    name: str
    options: tuple[str, ...] = ()
    default: bool = True


class PeerFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`peer.toml`.

    Attributes:
        requirements: for pip.
        takes: how long setting up takes, in words.
        after: Python to run once it is installed.
        server: path of a `llama-server` below the environment, as a pattern; a peer without one has a `worker.py`.
        environment: variables for setting up.
    """

    title: str
    requirements: tuple[str, ...]
    variants: tuple[Variant, ...]
    takes: str
    after: str = ""
    server: str = ""
    environment: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer, installed or not."""

    name: str
    folder: Path
    file: PeerFile
    home: Path
    """Its environment, whether it exists or not."""

    @property
    def is_installed(self) -> bool:
        """Whether its environment exists and was set up to the end."""
        return (
            (self.home / STAMP).exists()
            and self.python.exists()
            and (not self.file.server or self.server is not None)
        )

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.home / _BIN / "python"

    @property
    def server(self) -> Path | None:
        """The environment's `llama-server`."""
        return next(iter(sorted(self.home.glob(self.file.server))), None)

    @property
    def setup(self) -> str:
        """What to type to install it."""
        return f"make peer-{self.name}"


@dataclass(frozen=True, slots=True)
class Material:
    """What a contestant is started with.

    Attributes:
        checkpoint: config.json, model.safetensors in fp32, tokenizer.json.
        capacity: tokens that the longest prompt and its answer take together.
        room: for files and sockets; its path must be short.
    """

    checkpoint: Path
    capacity: int
    threads: int
    room: Path

    def gguf(self) -> Path:
        """The checkpoint as a GGUF file, written when first asked for."""
        path = self.room / "model.gguf"
        if not path.exists():
            write_gguf(self.checkpoint, path, context_length=self.capacity)
        return path


def find_peers(folder: Path = PEERS, environments: Path = CHECKOUT) -> list[Peer]:
    """All peers by name.

    Args:
        folder: of the peers.
        environments: where `.venv-peer-NAME` are.

    Raises:
        InputError: there is no such folder, or a `peer.toml` cannot be used.
    """
    if not folder.is_dir():
        raise InputError(
            f"there is no {folder}: the peers' programs come with the source code, not with the package",
            "Run `glm-lsp bench compare` from a checkout of the repository.",
        )
    return [_read(path, environments) for path in sorted(folder.glob("*/peer.toml"))]


def chosen(peers: list[Peer], names: list[str]) -> list[tuple[Peer, Variant]]:
    """The variants to run: those named, by variant or by peer; the default ones of all installed peers if none is.

    Each takes part once, however often it is named.

    Raises:
        InputError: a name is unknown, or what it names is not installed.
    """
    if not names:
        return [(peer, v) for peer in peers if peer.is_installed for v in peer.file.variants if v.default]
    return list({pair[1].name: pair for name in names for pair in _named(peers, name)}.values())


def start(peer: Peer, variant: Variant, material: Material) -> Contestant:
    """Starts a peer and waits until it is ready.

    Raises:
        InputError: it does not start; the message has the end of its log.
        GlmError: the model cannot be written in the form it needs.
    """
    if peer.file.server:
        assert peer.server is not None  # noqa: S101  # it is installed
        return LlamaServer(
            variant.name,
            peer.server,
            material.gguf(),
            material.room,
            threads=material.threads,
            context_length=material.capacity,
            extra=variant.options,
            about={"requirements": list(peer.file.requirements)},
        )
    room = material.room / variant.name
    room.mkdir()
    command = [str(peer.python), str(peer.folder / "worker.py"), str(material.checkpoint), str(room)]
    command += ["--threads", str(material.threads), "--capacity", str(material.capacity)]
    command += ["--variant", variant.name, *variant.options]
    env = {"PYTHONPATH": str(peer.folder.parent), "HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}
    return WorkerContestant(variant.name, command, material.room / f"{variant.name}.log", env)


def _named(peers: list[Peer], name: str) -> list[tuple[Peer, Variant]]:
    """A variant of this name, else the default ones of a peer of this name."""
    every = [(peer, variant) for peer in peers for variant in peer.file.variants]
    found = [pair for pair in every if pair[1].name == name] or [
        (peer, variant) for peer, variant in every if peer.name == name and variant.default
    ]
    if not found:
        raise InputError(
            f"there is no peer {name!r}", f"These are known: {', '.join(v.name for _, v in every)}."
        )
    if not found[0][0].is_installed:
        raise InputError(f"{name} is not installed", f"Install it: {found[0][0].setup}.")
    return found


def _read(path: Path, environments: Path) -> Peer:
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=PeerFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"{path} cannot be used: {error}") from error
    folder = path.parent
    return Peer(folder.name, folder, file, environments / f"{ENVIRONMENT_PREFIX}{folder.name}")
