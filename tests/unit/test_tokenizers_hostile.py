"""Damaged and hostile tokenizer files: a named error or a tokenizer that works, in bounded memory and time."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers import convert_tokenizer
from glm_lsp.models.tokenizers.charsmap import check_charsmap
from tests.official.sentencepiece_writer import BYTES, FIRST_PIECES, Piece, model_file, varint
from tests.official.tokenizer_files import write_tokenizer_files
from tests.tokenizer_texts import texts

FILES = [
    ("chatglm3", "tokenizer.model", True),
    ("chatglm-6b", "ice_text.model", True),
    ("glm-4", "tokenizer.model", True),
    ("codegeex4", "tokenizer.json", True),
    ("glm-original", "cog-pretrain.model", True),
    ("glm-original", "added_tokens.json", True),
    ("glm-original", "vocab.json", False),
    ("glm-original", "merges.txt", False),
]
TEXTS = ("", "def f(x):\n\treturn  x", "你好👋\0", "e\u0301ﬁ<|user|>")


def mutated(data: bytes, rng: random.Random) -> bytes:  # noqa: PLR0911
    """One of the ways files get damaged, or are made to do damage."""
    at = rng.randrange(len(data))
    match rng.randrange(7):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]
        case 2:
            return data[:at] + data[at + rng.randrange(1, 99) :]
        case 3:
            return data[:at] + varint(rng.choice([2**31, 2**40, 2**63])) + data[at + 1 :]
        case 4:
            other = rng.randrange(len(data))
            return data[: max(at, other)] + data[min(at, other) :]
        case 5:
            return data[:at] + b"\xff\x00\x80"[rng.randrange(3) :][:1] * rng.randrange(1, 300) + data[at:]
        case _:
            flipped = bytearray(data)
            for _ in range(rng.randrange(1, 5)):
                flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            return bytes(flipped)


def survives(folder: Path, family: str) -> bool:
    """Whether a folder converts; if so, the tokenizer must work, and if not, the error must say what to do."""
    try:
        result = convert_tokenizer(folder, family, vocab_size=2**20)
    except TokenizerError as error:
        assert error.cause
        assert error.remedy
        return False
    tokenizer = Tokenizer.from_str(result.json)
    tokenizer.encode_special_tokens = True
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert all(token_id < result.num_ids for token_id in ids)
        tokenizer.decode(ids)
    return True


@pytest.mark.parametrize(("family", "name", "chinese"), FILES)
def test_mutations(family: str, name: str, chinese: bool, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, family, 384, chinese=chinese)
    original = (tmp_path / name).read_bytes()
    rng = random.Random(name)
    outcomes = []
    for _ in range(60):
        (tmp_path / name).write_bytes(mutated(original, rng))
        outcomes.append(survives(tmp_path, family))
    assert not all(outcomes)


@pytest.mark.parametrize("seed", range(3))
def test_mutations_of_the_normalisation_map(seed: int, tmp_path: Path) -> None:
    """What the check lets through must not lead the library out of the map."""
    charsmap = real_charsmap()
    rng = random.Random(seed)
    outcomes = []
    for _ in range(30):
        data = bytearray(charsmap)
        for _ in range(rng.choice([1, 1, 2, 50])):
            data[rng.randrange(len(data)) if rng.random() < 0.95 else rng.randrange(4)] = rng.randrange(256)
        cut = len(data) if rng.random() < 0.9 else rng.randrange(len(data))
        pieces = [*FIRST_PIECES, *BYTES, *map(Piece, "▁abcdefxe")][: 3 + 256 + 7]
        (tmp_path / "tokenizer.model").write_bytes(model_file(pieces, charsmap=bytes(data[:cut])))
        try:
            result = convert_tokenizer(tmp_path, "chatglm3")
        except TokenizerError:
            outcomes.append(False)
            continue
        tokenizer = Tokenizer.from_str(result.json)
        for text in texts()[:90]:
            tokenizer.encode(text)
        outcomes.append(True)
    assert not all(outcomes)


def real_charsmap() -> bytes:
    sentencepiece = pytest.importorskip("sentencepiece")
    normalizer = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc")
    from sentencepiece import sentencepiece_model_pb2

    spec = sentencepiece_model_pb2.ModelProto.FromString(normalizer.serialized_model_proto())
    charsmap: bytes = spec.normalizer_spec.precompiled_charsmap
    assert len(charsmap) > 100_000
    return charsmap


def test_the_map_sentencepiece_ships_is_sound() -> None:
    check_charsmap(real_charsmap())


HOSTILE = {
    "a hundred megabytes of junk": b"\x5a" * 100_000_000,
    "millions of empty pieces": b"\x0a\x00" * 4_000_000,
    "millions of pieces of one letter": b"\x0a\x03\x0a\x01a" * 1_600_000,
    "a piece of megabytes": varint(1 << 3 | 2)
    + varint(8_000_000)
    + b"\x0a"
    + varint(7_999_995)
    + b"a" * 7_999_995,
    "a length beyond everything": b"\x0a" + varint(2**62),
    "nested without end": b"\x12\xff\xff\xff\x03" * 1000,
}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sizes_are_refused_in_little_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(HOSTILE[name])
    program = """
import resource, sys
from pathlib import Path
from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers import convert_tokenizer

for family in ("chatglm3", "glm-4"):
    try:
        convert_tokenizer(Path(sys.argv[1]), family)
    except TokenizerError:
        print("refused")
status = Path("/proc/self/status")
# A process inherits the peak of the one that started it, but for this figure.
lines = status.read_text().splitlines() if status.exists() else []
peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
print((peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1024)
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    *refused, most = done.stdout.split()
    assert refused == ["refused", "refused"]
    unit = 1 if sys.platform != "darwin" else 1024
    assert int(most) // unit < 1000  # MiB
