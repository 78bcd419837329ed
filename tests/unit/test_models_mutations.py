"""Checkpoints that were damaged, or made to do damage: each is read or refused, soon, and in little memory.

Every mutation follows from its number. Three kinds of damage: bytes anywhere, values of a JSON file, and steps of the
program in a torch file, whose archive stays whole.
"""

from __future__ import annotations

import io
import json
import re
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glm_lsp.errors import GlmError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config_file import read_values
from glm_lsp.models.layouts.detect import detect_layout, family_of
from tests.official import torch_writer
from tests.official.checkpoints import write_official_checkpoint

NUM_MUTATIONS = 64
"""Of each kind, for each folder."""

SPARE_BYTES = 64 << 20
MAX_SECONDS = 3.0

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 2**31, 2**63, 2**64, 10**400, -(10**400), 0.5, 1e308, 1e-320, "", "x", "0", "\0",
    "\ud800", "a" * 10_000, "../../../etc/passwd", "/dev/zero", "model.safetensors", ".", [], {}, [[]], [0, 0], [-1, 5],
    [2**62, 2**62], [1] * 5000, {"a": {}}, "@deep", "@deep-objects", "@infinity", "@nan", "@digits",
)  # fmt: skip
LITERALS = {
    "@deep": "[" * 50_000 + "]" * 50_000,
    "@deep-objects": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "@infinity": "1e999",
    "@nan": "NaN",
    "@digits": "9" * 6000,
}

Mutate = Callable[[np.random.Generator, bytes], bytes]


def mutate_bytes(rng: np.random.Generator, content: bytes) -> bytes:
    """One to eight bytes changed, put in or taken out, the end cut off, or a number in the first bytes made large."""
    changed = bytearray(content)
    # The beginning and the end say where everything else is.
    zone = [(0, min(len(changed), 2000)), (max(0, len(changed) - 800), len(changed)), (0, len(changed))]
    for _ in range(int(rng.integers(1, 9))):
        first, last = zone[rng.integers(3)]
        place = int(rng.integers(first, max(first + 1, min(last, len(changed)))))
        match int(rng.integers(6)):
            case 0:
                changed[place : place + 1] = b""
            case 1:
                changed[place:place] = rng.bytes(int(rng.integers(1, 9)))
            case 2:
                del changed[place:]
            case 3:
                width = int(rng.choice([2, 4, 8]))
                number = int(rng.choice([0, 1, 2**15, 2**31 - 1, 2**32 - 1, 2**63 - 1]))
                changed[place : place + width] = struct.pack("<Q", number)[:width]
            case _:
                if place < len(changed):
                    changed[place] = int(rng.integers(256))
    return bytes(changed)


def mutate_json(rng: np.random.Generator, content: bytes) -> bytes:
    """A value somewhere in a JSON object replaced, a key dropped or there twice; of safetensors, in the header."""
    front, text, rest = split_header(content)
    values = json.loads(text)
    holders = [values, *(value for value in values.values() if isinstance(value, dict) and value)]
    for _ in range(int(rng.integers(1, 3))):
        holder = holders[rng.integers(len(holders))]
        if not holder:
            continue
        key = [*holder][rng.integers(len(holder))]
        if isinstance(holder[key], list) and holder[key] and rng.integers(2):
            holder[key][rng.integers(len(holder[key]))] = HOSTILE[rng.integers(len(HOSTILE))]
        elif rng.integers(6) == 0:
            del holder[key]
        else:
            holder[key] = HOSTILE[rng.integers(len(HOSTILE))]
    changed = json.dumps(values)
    for mark, literal in LITERALS.items():
        changed = changed.replace(f'"{mark}"', literal)
    if rng.integers(10) == 0:
        changed = re.sub(r"^\{(.*)\}$", r"{\1, \1}", changed, flags=re.DOTALL)
    data = changed.encode()
    return (struct.pack("<Q", len(data)) if front else b"") + data + rest


def split_header(content: bytes) -> tuple[bytes, bytes, bytes]:
    if content[:1] == b"{":
        return b"", content, b""
    length = struct.unpack("<Q", content[:8])[0]
    return content[:8], content[8 : 8 + length], content[8 + length :]


def mutate_program(rng: np.random.Generator, content: bytes) -> bytes:
    """Steps of the pickle in a torch file replaced, put in, repeated or taken out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        records = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    program = bytearray(records["data.pkl"])
    pieces = (
        b".", b"N", b"\x88", b")", b"}", b"(", b"t", b"u", b"s", b"b", b"R", b"Q", b"\x85", b"\x86", b"\x87", b"0",
        b"2", b"e", b"a", b"]", b"q\x00", b"h\x00", b"h\x05", b"r\xff\xff\xff\xff", b"K\xff", b"J\xff\xff\xff\xff",
        b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x8a\xff", b"X\xff\xff\xff\xff", b"X\x00\x00\x00\x00",
        b"cos\nsystem\n", b"ctorch\nFloatStorage\n", b"ccollections\nOrderedDict\n", b"c\n\n", b"(" * 3000, b"}" * 3000,
        b")" + b"\x85" * 3000,
    )  # fmt: skip
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(2, len(program)))
        piece = pieces[rng.integers(len(pieces))]
        match int(rng.integers(4)):
            case 0:
                program[place:place] = piece
            case 1:
                program[place : place + len(piece)] = piece
            case 2:
                program[place:place] = program[place : place + int(rng.integers(1, 200))]
            case _:
                program[place] = int(rng.integers(256))
    out = io.BytesIO()
    storages = {
        name.removeprefix("data/"): data for name, data in records.items() if name.startswith("data/")
    }
    torch_writer.write_zip(out, "archive", bytes(program), storages)
    return out.getvalue()


def read_everything(folder: Path) -> None:
    """All that an import reads of the weights, each tensor in two blocks."""
    layout = detect_layout(folder)
    family_of(folder, layout, read_values(folder / "config.json"))
    checkpoint = Checkpoint(folder, layout)
    checkpoint.verify()
    for name in layout.sources:
        rows = checkpoint.shape(name)[0]
        checkpoint.rows(name, 0, rows // 2)
        checkpoint.rows(name, rows // 2, rows)


CASES: dict[str, tuple[str, str, Mutate]] = {
    "safetensors, bytes": ("glm-edge", "model.safetensors", mutate_bytes),
    "safetensors, header": ("glm-edge", "model.safetensors", mutate_json),
    "safetensors, index": ("glm-4", "model.safetensors.index.json", mutate_json),
    "safetensors, index bytes": ("glm-4-0414", "model.safetensors.index.json", mutate_bytes),
    "torch, bytes": ("glm-original", "pytorch_model.bin", mutate_bytes),
    "torch, program": ("glm-original", "pytorch_model.bin", mutate_program),
    "torch shard, program": ("chatglm2", "pytorch_model-00002-of-00007.bin", mutate_program),
    "torch shard, bytes": ("chatglm-6b", "pytorch_model-00002-of-00008.bin", mutate_bytes),
    "torch, index": ("codegeex2", "pytorch_model.bin.index.json", mutate_json),
    "config of glm": ("glm-edge", "config.json", mutate_json),
    "config of glm4, bytes": ("glm-4-0414", "config.json", mutate_bytes),
    "config of chatglm": ("glm-4", "config.json", mutate_json),
    "config of chatglm2": ("chatglm2-32k", "config.json", mutate_json),
    "config of chatglm-6b": ("chatglm-6b", "config.json", mutate_json),
    "config of the original": ("glm-original", "config.json", mutate_json),
    "config of glm-4-hf": ("glm-4-hf", "config.json", mutate_json),
}


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_checkpoint_is_read_or_refused(tmp_path: Path, case: str) -> None:
    family, file_name, mutate = CASES[case]
    folder = write_official_checkpoint(tmp_path / family, family, vocab_size=320).folder
    path = folder / file_name
    content = path.read_bytes()
    read_everything(folder)
    refused = 0
    tracemalloc.start()
    try:
        for number in range(NUM_MUTATIONS):
            changed = mutate(np.random.default_rng([*case.encode(), number]), content)
            path.write_bytes(changed)
            tracemalloc.reset_peak()
            before, begin = tracemalloc.get_traced_memory()[0], time.perf_counter()
            try:
                read_everything(folder)
            except GlmError as error:
                refused += 1
                assert len(str(error)) < 2000
                assert str(error).isprintable()
            except Exception as error:
                raise AssertionError(f"mutation {number} of {case}: {error!r}") from error
            used = tracemalloc.get_traced_memory()[1] - before
            assert used <= len(changed) + SPARE_BYTES, f"mutation {number} of {case} took {used} bytes"
            assert time.perf_counter() - begin < MAX_SECONDS, f"mutation {number} of {case} took too long"
    finally:
        tracemalloc.stop()
    assert refused > NUM_MUTATIONS / 3


def test_there_are_more_than_a_thousand() -> None:
    assert len(CASES) * NUM_MUTATIONS > 1000
