"""Corpus files, blocks and places: the stream is a function of its seed, wherever it is picked up."""

from __future__ import annotations

import json
import lzma
import random
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from glm_lsp.errors import TrainingError
from glm_lsp.train import stream as stream_module
from glm_lsp.train.encoder import SourceEncoder
from glm_lsp.train.example import Document, Mix
from glm_lsp.train.fim import ExampleMaker
from glm_lsp.train.recipe import RECIPES, load_recipe
from glm_lsp.train.stream import Chunk, Place, Stream, read_documents
from glm_lsp.train.tokenizer import train_tokenizer

SOURCES = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_[c-e]*.py"))]
DOCUMENTS = [Document("demo", f"{number}.py", "python", text) for number, text in enumerate(SOURCES)]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(SOURCES), 600)


@pytest.fixture(scope="module")
def stream(tokenizer: Tokenizer) -> Stream:
    return Stream(DOCUMENTS, ExampleMaker(tokenizer, 128, Mix()), context=128, seed=3)


def line_of(document: Document) -> bytes:
    fields = {name: getattr(document, name) for name in ("package", "path", "language", "text")}
    return json.dumps(fields).encode() + b"\n"


def test_corpus_files_are_read_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"".join(map(line_of, DOCUMENTS[:3])))
    (tmp_path / "b.jsonl.xz").write_bytes(lzma.compress(line_of(DOCUMENTS[3])))
    assert read_documents(tmp_path / "a.jsonl", tmp_path / "b.jsonl.xz") == DOCUMENTS[:4]


@pytest.mark.parametrize("content", [None, b"no json\n", b'{"package": "x"}\n', b""])
def test_a_corpus_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "bad.jsonl").write_bytes(content)
    with pytest.raises(TrainingError, match=r"bad\.jsonl"):
        read_documents(tmp_path / "bad.jsonl")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl.xz").write_bytes(lzma.compress(line_of(DOCUMENTS[0]))[:200])
    with pytest.raises(TrainingError, match=r"bad\.jsonl\.xz"):
        read_documents(tmp_path / "bad.jsonl.xz")


def ids_of(chunks: list[Chunk]) -> list[list[int]]:
    return [row.token_ids.tolist() for chunk in chunks for row in chunk.rows]


def test_the_stream_can_be_picked_up_anywhere(stream: Stream) -> None:
    whole = list(islice(stream.chunks(Place(), size=7), 40))
    for number in (1, 9, 33):
        rest = list(islice(stream.chunks(whole[number].place, size=7), 40 - number))
        assert ids_of(rest) == ids_of(whole[number:])


def test_workers_share_the_blocks(stream: Stream) -> None:
    def blocks(worker: int) -> list[int]:
        chunks = stream.chunks(Place(worker), size=50, worker=worker, workers=3)
        return list(islice(dict.fromkeys(chunk.place.block for chunk in islice(chunks, 300)), 3))

    assert [blocks(worker) for worker in range(3)] == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_an_epoch_walks_every_document(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "BLOCK_DOCUMENTS", 4)
    maker = ExampleMaker(tokenizer, 128, Mix(infill=0.0, drop_path=0.0, references=0.0))
    stream = Stream(DOCUMENTS, maker, context=128, seed=3)

    def paths(epoch: int) -> set[str]:
        numbers = range(epoch * stream.blocks_per_epoch, (epoch + 1) * stream.blocks_per_epoch)
        texts = [maker.decode(e.token_ids) for n in numbers for e in stream.examples(n, decaying=False)]
        return {text.split("###PATH:")[1].split("\n")[0] for text in texts}

    assert stream.blocks_per_epoch > 1
    assert paths(0) == paths(1) == {document.path for document in DOCUMENTS}


def test_exemplary_files_count_double(tokenizer: Tokenizer) -> None:
    typed = 'def f(a: int) -> int:\n    """Adds one to a."""\n    return a + 1\n\n\n' * 4
    plain = Document("demo", "plain.py", "python", "def f(a):\n    return a + 1\n" * 4)
    maker = ExampleMaker(tokenizer, 128, Mix())
    assert maker.times(Document("demo", "typed.py", "python", typed)) == 2
    assert maker.times(plain) == 1
    assert ExampleMaker(tokenizer, 128, Mix(double=False)).times(Document("d", "t.py", "python", typed)) == 1


def test_words_looked_up_are_the_tokenizers(tokenizer: Tokenizer) -> None:
    encoder = SourceEncoder(tokenizer)
    rng = random.Random(5)
    for text in SOURCES:
        for _ in range(40):
            start = rng.randrange(len(text))
            piece = text[start : start + rng.randrange(400)]
            assert encoder.encode(piece) == tokenizer.encode(piece, add_special_tokens=False).ids
    alphabet = "ab _.=\n\r\t()0\x0b\x0cé²"
    for _ in range(2000):
        piece = "".join(rng.choices(alphabet, k=rng.randrange(12)))
        assert encoder.encode(piece) == tokenizer.encode(piece, add_special_tokens=False).ids, repr(piece)


def test_special_tokens_in_text_stay_text(tokenizer: Tokenizer) -> None:
    encoder = SourceEncoder(tokenizer)
    for text in ("<|user|>", "é<|user|>"):
        assert encoder.special("<|user|>") not in encoder.encode(text)


def test_every_recipe_reads_and_none_takes_unknown_keys(tmp_path: Path) -> None:
    sizes = {path.stem: load_recipe(path.stem).config() for path in RECIPES.glob("*.toml")}
    assert {"xs", "s", "m12", "m16", "smoke"} <= set(sizes)
    assert sizes["m12"].num_hidden_layers == 12
    assert load_recipe("smoke", ["muon_lr = 0.5"]).muon_lr == 0.5
    (tmp_path / "bad.toml").write_text("name = 'x'\nwrong = 1\n[mix]\nodd = 1\n")
    with pytest.raises(TrainingError, match=r"mix\.odd, wrong"):
        load_recipe(str(tmp_path / "bad.toml"))
    with pytest.raises(TrainingError, match="smoke"):
        load_recipe("smoke", ["muon_lr = "])


NOT_THERE = {"datasketch", "httpx", "lsprotocol", "msgspec", "onnx", "onnxruntime", "pygls", "rich", "typer"}


@pytest.mark.parametrize(
    "modules",
    [
        "fim, stream, recipe, schedule",
        pytest.param("trainer, selftest, parts, heldout", marks=pytest.mark.reference),
    ],
)
def test_training_needs_few_packages(modules: str) -> None:
    """A GPU machine may have torch, numpy and tokenizers, and no network."""
    program = f"from glm_lsp.train import {modules}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} & NOT_THERE == set()
