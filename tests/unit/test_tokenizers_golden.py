"""The golden vectors: on the real files where there are any, and on files laid out like them always.

A laid-out file proves what hangs on the layout: where special tokens stand behind 64,789, 130,000 or 151,329 entries,
byte tokens and GPT-2's order of bytes, the dummy prefix of each separately encoded part, `<n>`, tab and blanks, the map
that makes full-width punctuation plain, the split of GLM-4. It does not prove the merges and scores of the real files;
for those, set GLM_LSP_REAL_TOKENIZERS to a folder with one folder for each family, its official files in it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.models.tokenizers import convert_tokenizer
from glm_lsp.models.tokenizers.byte_level import GLM4_SPLIT, read_ranks
from tests.official.golden_ids import VECTORS, Special, Vector
from tests.official.golden_layouts import write_golden_files

REAL = os.environ.get("GLM_LSP_REAL_TOKENIZERS", "")
NAMES = [f"{vector.family}-{number}" for number, vector in enumerate(VECTORS)]


def encoded(tokenizer: SourceTokenizer, vector: Vector) -> tuple[int, ...]:
    ids: list[int] = []
    for part in vector.parts:
        ids += [tokenizer.special_id(part)] if isinstance(part, Special) else tokenizer.encode(part)
    return tuple(ids)


@cache
def charsmap() -> bytes:
    sentencepiece = pytest.importorskip("sentencepiece")
    from sentencepiece import sentencepiece_model_pb2

    normalizer = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc")
    model = sentencepiece_model_pb2.ModelProto.FromString(normalizer.serialized_model_proto())
    data: bytes = model.normalizer_spec.precompiled_charsmap
    return data


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SourceTokenizer]:
    return {}


def tokenizer_of(family: str, known: dict[str, SourceTokenizer], folder: Path) -> SourceTokenizer:
    if family not in known:
        write_golden_files(folder, family, charsmap() if family == "chatglm-6b" else b"")
        (folder / "out.json").write_text(convert_tokenizer(folder, family).json, encoding="utf-8")
        known[family] = SourceTokenizer.open(folder / "out.json")
    return known[family]


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_laid_out_files_give_the_golden_ids(
    vector: Vector, laid_out: dict[str, SourceTokenizer], tmp_path: Path
) -> None:
    tokenizer = tokenizer_of(vector.family, laid_out, tmp_path)
    assert encoded(tokenizer, vector) == vector.ids


@pytest.mark.parametrize("family", ["chatglm2", "chatglm3", "codegeex2", "glm-4"])
def test_golden_ids_are_the_text_again(
    family: str, laid_out: dict[str, SourceTokenizer], tmp_path: Path
) -> None:
    tokenizer = tokenizer_of(family, laid_out, tmp_path)
    texts = [part for v in VECTORS if v.family == family for part in v.parts if not isinstance(part, Special)]
    assert texts
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text)) == text


def plain_texts(family: str) -> list[tuple[str, list[int]]]:
    """The texts of a family's vectors with their own ids, cut out of the prompts' ids by the special tokens around."""
    cut = []
    for vector in VECTORS:
        if vector.family == family:
            *_, text = (part for part in vector.parts if not isinstance(part, Special))
            if vector.parts[-1] == text:
                cut.append((text, list(vector.ids[len(vector.parts) - 1 :])))
    return cut


@pytest.mark.parametrize("family", ["chatglm2", "codegeex2"])
def test_sentencepiece_itself_gives_the_golden_ids_on_a_laid_out_file(family: str, tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    write_golden_files(tmp_path, family)
    reference = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "tokenizer.model"))
    assert plain_texts(family)
    for text, ids in plain_texts(family):
        assert reference.encode(text) == ids


def test_tiktoken_itself_gives_the_golden_ids_on_a_laid_out_file(tmp_path: Path) -> None:
    tiktoken = pytest.importorskip("tiktoken")
    write_golden_files(tmp_path, "glm-4")
    ranks = {token: rank for rank, token in enumerate(read_ranks(tmp_path / "tokenizer.model"))}
    reference = tiktoken.Encoding("laid out", pat_str=GLM4_SPLIT, mergeable_ranks=ranks, special_tokens={})
    assert len(plain_texts("glm-4")) == 2
    for text, ids in plain_texts("glm-4"):
        assert reference.encode(text) == ids


def test_codegeex2_has_no_dummy_prefix(tmp_path: Path) -> None:
    """Its vector begins with "#" alone, 31010, as ChatGLM2's has it behind a tab. With a dummy prefix it could not."""
    first = VECTORS[NAMES.index("codegeex2-3")].ids[2]
    assert first == 31010
    assert first in VECTORS[1].ids[-2:]
    write_golden_files(tmp_path, "codegeex2")
    (tmp_path / "out.json").write_text(convert_tokenizer(tmp_path, "codegeex2").json, encoding="utf-8")
    tokenizer = SourceTokenizer.open(tmp_path / "out.json")
    assert tokenizer.encode("#")[0] == first
    assert tokenizer.decode(tokenizer.encode(" # x")) == " # x"


@pytest.mark.skipif(
    not REAL, reason="GLM_LSP_REAL_TOKENIZERS names no folder: golden vectors not run on real files"
)
@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_real_files_give_the_golden_ids(vector: Vector, tmp_path: Path) -> None:
    folder = Path(REAL) / vector.family
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist: no real tokenizer of {vector.family}")
    (tmp_path / "out.json").write_text(convert_tokenizer(folder, vector.family).json, encoding="utf-8")
    assert encoded(SourceTokenizer.open(tmp_path / "out.json"), vector) == vector.ids
