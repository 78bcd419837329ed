"""A run's weights in files small enough to carry, and back: `split` there, `join` here; not a bit is lost.

bf16 weights hold about 10.9 bits of information each: signs and mantissas are noise, exponents are few. The numbers
are cut into two planes of bytes, exponents and the rest, and the first is Huffman-coded, which beats xz there and takes
no time. What results is cut into parts with a checksum each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from glm_lsp.errors import GlmError, TrainingError
from glm_lsp.train import checkpoint

PART_BYTES = 15 * 1024 * 1024
_MAGIC = b"GLMWEIGHTS1"
_MANIFEST = "weights.json"
_DEFLATED_RAW = -15


def pack(state: checkpoint.State) -> bytes:
    """A weights-only checkpoint (bf16) as one string of bytes.

    Raises:
        TrainingError: a tensor is not bf16.
    """
    planes = [_bits(name, tensor) for name, tensor in state["model"].items()]
    bits = np.concatenate([plane.ravel() for plane in planes])
    # Rotated by one, the high byte is the exponent; the sign joins the mantissa.
    rotated = (bits << 1) | (bits >> 15)
    exponents = _shrink((rotated >> 8).astype(np.uint8).tobytes())
    header = json.dumps(
        {
            "tensors": [[name, list(tensor.shape)] for name, tensor in state["model"].items()],
            "progress": state["progress"],
            "recipe": state["recipe"],
            "exponents": len(exponents),
        }
    ).encode()
    mantissas = (rotated & 0xFF).astype(np.uint8).tobytes()
    return b"".join((_MAGIC, struct.pack("<I", len(header)), header, exponents, mantissas))


def unpack(packed: bytes) -> checkpoint.State:
    """The inverse of `pack`.

    Raises:
        TrainingError: these are not packed weights.
    """
    start = len(_MAGIC) + 4
    try:
        if not packed.startswith(_MAGIC):
            raise ValueError("they do not begin like packed weights")
        (length,) = struct.unpack("<I", packed[len(_MAGIC) : start])
        header = json.loads(packed[start : start + length])
        at = start + length
        high = zlib.decompress(packed[at : at + header["exponents"]], wbits=_DEFLATED_RAW)
        low = packed[at + header["exponents"] :]
        rotated = np.frombuffer(high, np.uint8).astype(np.uint16) << 8 | np.frombuffer(low, np.uint8)
        bits = (rotated >> 1) | (rotated << 15)
        model = {}
        at = 0
        for name, shape in header["tensors"]:
            size = int(np.prod(shape))
            piece = bits[at : at + size].reshape(shape).view(np.int16)
            model[name] = torch.from_numpy(piece.copy()).view(torch.bfloat16)
            at += size
    except (ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
        raise TrainingError(f"the packed weights cannot be read: {error}") from error
    return {"model": model, "progress": header["progress"], "recipe": header["recipe"]}


def split(weights: Path, folder: Path, part_bytes: int = PART_BYTES) -> list[Path]:
    """Writes `weights.00`, `weights.01`, ... of at most `part_bytes` and `weights.json` with their checksums.

    Any checkpoint will do; of a whole one the averaged weights are taken.
    """
    packed = pack(checkpoint.weights_only(checkpoint.read(weights)))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    entries = []
    for number, at in enumerate(range(0, len(packed), part_bytes)):
        piece = packed[at : at + part_bytes]
        path = folder / f"weights.{number:02}"
        path.write_bytes(piece)
        entries.append({"name": path.name, "bytes": len(piece), "sha256": _sha256(piece)})
        written.append(path)
    manifest = folder / _MANIFEST
    manifest.write_text(json.dumps({"parts": entries, "sha256": _sha256(packed)}, indent=1) + "\n", "utf-8")
    return [*written, manifest]


def join(folder: Path, weights: Path) -> checkpoint.State:
    """Checks the parts in a folder, puts them together and writes `weights`, a weights-only checkpoint.

    Raises:
        TrainingError: a part is missing or damaged.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        pieces = [_checked(folder / part["name"], part["sha256"]) for part in manifest["parts"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"the parts in {folder} cannot be read: {error}") from error
    packed = b"".join(pieces)
    if _sha256(packed) != manifest["sha256"]:
        raise TrainingError(f"the parts in {folder} do not belong together")
    state = unpack(packed)
    weights.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write(weights, state)
    return state


def _bits(name: str, tensor: torch.Tensor) -> NDArray[np.uint16]:
    if tensor.dtype != torch.bfloat16:
        raise TrainingError(f"{name} is {tensor.dtype}, not bfloat16")
    bits: NDArray[np.uint16] = tensor.contiguous().view(torch.int16).numpy().view(np.uint16)
    return bits


def _shrink(plane: bytes) -> bytes:
    coder = zlib.compressobj(6, zlib.DEFLATED, _DEFLATED_RAW, 9, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(plane) + coder.flush()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checked(path: Path, sha256: str) -> bytes:
    data = path.read_bytes()
    if _sha256(data) != sha256:
        raise TrainingError(f"the part {path} is damaged")
    return data


def main() -> None:
    """`python -m glm_lsp.train.parts split CHECKPOINT FOLDER`, `... join FOLDER WEIGHTS.pt`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("verb", choices=("split", "join"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    try:
        if args.verb == "split":
            for path in split(args.source, args.target):
                print(path, path.stat().st_size)
        else:
            state = join(args.source, args.target)
            print(f"{args.target}: recipe {state['recipe']}, step {state['progress']['step']}")
    except GlmError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
