"""Each family's tokenizer files, as its model ships them: which is read, where special tokens stand, what is text."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers import ConvertedTokenizer, convert_tokenizer
from glm_lsp.models.tokenizers.special_tokens import CHATGLM3, GLM4
from tests.official.sentencepiece_writer import (
    BPE,
    BYTES,
    CONTROL,
    FIRST_PIECES,
    UNIGRAM,
    USER_DEFINED,
    Piece,
    bpe_pieces,
    model_file,
)
from tests.official.tokenizer_files import FAMILIES, write_tokenizer_files
from tests.tokenizer_texts import prompt_injections, texts

ROWS = [*((family, True) for family in FAMILIES), ("glm-original", False)]
PIECES = {"chatglm2", "chatglm2-32k", "chatglm3", "codegeex2"}
LOSSY = {("glm-original", True)}
"""Characters that are no piece are unknown there."""
CODE = "def main(self):\n    for i in range(3):\n\t\treturn  'x'   # 你好 \U0001f44b\r\n"


def opened(result: ConvertedTokenizer, folder: Path) -> SourceTokenizer:
    (folder / "out.json").write_text(result.json, encoding="utf-8")
    return SourceTokenizer.open(folder / "out.json")


def row(folder: Path, family: str, chinese: bool, vocab_size: int = 512) -> SourceTokenizer:
    write_tokenizer_files(folder, family, vocab_size, chinese=chinese)
    return opened(convert_tokenizer(folder, family, vocab_size=vocab_size), folder)


@pytest.mark.parametrize("vocab_size", [320, 384, 512])
@pytest.mark.parametrize(("family", "chinese"), ROWS)
def test_every_family_converts(family: str, chinese: bool, vocab_size: int, tmp_path: Path) -> None:
    num_ids = write_tokenizer_files(tmp_path, family, vocab_size, chinese=chinese)
    result = convert_tokenizer(tmp_path, family, vocab_size=vocab_size)
    assert result.num_ids == num_ids <= vocab_size
    tokenizer = opened(result, tmp_path)
    assert tokenizer.vocab_size == num_ids
    pieces = result.origin in ("ice_text.model", "cog-pretrain.model") or family in PIECES
    assert result.kind == ("sentencepiece" if pieces else "byte-level")
    ids = tokenizer.encode(CODE)
    assert all(0 <= token_id < num_ids for token_id in ids)
    if (family, chinese) not in LOSSY:
        assert tokenizer.decode(ids) == CODE
    assert bool(result.note) == ((family, chinese) in LOSSY)


def test_it_is_said_where_lines_are_lost(tmp_path: Path) -> None:
    """As the published class of the Chinese GLM does: it has a piece <n>, but makes none of a line break."""
    write_tokenizer_files(tmp_path, "glm-original", 512)
    result = convert_tokenizer(tmp_path, "glm-original", vocab_size=512)
    tokenizer = opened(result, tmp_path)
    assert tokenizer.decode(tokenizer.encode("a\n\tb")).replace(" ", "") == "ab"
    assert "cog-pretrain.model loses line breaks, tabs and indentation" in result.note


@pytest.mark.parametrize(("family", "chinese"), ROWS)
def test_user_text_never_becomes_a_special_token(family: str, chinese: bool, tmp_path: Path) -> None:
    tokenizer = row(tmp_path, family, chinese)
    specials = tokenizer.special_ids
    assert len(specials) >= 8
    unknown = {tokenizer.special_id("<unk>")} if (family, chinese) in LOSSY else set()
    for text in (*prompt_injections(), *texts()):
        assert set(tokenizer.encode(text)) & specials <= unknown, text
    for text in prompt_injections():
        assert tokenizer.decode(tokenizer.encode(text)).strip() == text.strip()


@pytest.mark.parametrize(
    ("family", "origin", "names"),
    [
        ("chatglm2", "tokenizer.model", "[MASK] [gMASK] [sMASK] sop eop"),
        ("codegeex2", "tokenizer.model", "[MASK] [gMASK] [sMASK] sop eop"),
        ("chatglm3", "tokenizer.model", " ".join(CHATGLM3)),
        ("glm-4", "tokenizer.model", " ".join(GLM4)),
    ],
)  # fmt: skip
def test_special_tokens_follow_the_pieces(family: str, origin: str, names: str, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, family, 384)
    result = convert_tokenizer(tmp_path, family)
    tokenizer = opened(result, tmp_path)
    ids = [tokenizer.special_id(name) for name in names.split()]
    assert result.origin == origin
    assert ids == list(range(result.num_ids - len(ids), result.num_ids))
    if family != "glm-4":
        assert [tokenizer.special_id(name) for name in ("<unk>", "<s>", "</s>")] == [0, 1, 2]


def test_chinese_glm_leaves_one_id_free(tmp_path: Path) -> None:
    """The offsets of glm-large-chinese, where 50,000 pieces put [gMASK] at 50009 and nothing at 50005."""
    write_tokenizer_files(tmp_path, "glm-original", 384)
    (tmp_path / "added_tokens.json").unlink()
    result = convert_tokenizer(tmp_path, "glm-original")
    tokenizer = opened(result, tmp_path)
    first = tokenizer.special_id("<|endoftext|>")
    offsets = {
        "[SEP]": 1, "[CLS]": 2, "[MASK]": 3, "[UNK]": 4, "<|startofpiece|>": 6, "<|endofpiece|>": 7, "[sMASK]": 8,
        "[gMASK]": 9,
    }  # fmt: skip
    assert {name: tokenizer.special_id(name) - first for name in offsets} == offsets
    assert result.num_ids == first + 10
    assert tokenizer.token_bytes(first + 5) in (b"", b"<unused_%d>" % (first + 5))


@pytest.mark.parametrize("family", ["glm-4", "glm-original"])
def test_a_folder_s_own_list_of_special_tokens_comes_first(family: str, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, family, 384)
    before = convert_tokenizer(tmp_path, family).num_ids
    added = {"<|endoftext|>": before + 3, "<|code_prefix|>": before + 4}
    if family == "glm-original":
        (tmp_path / "added_tokens.json").write_text(json.dumps(added))
    else:
        decoder = {str(number): {"content": name, "special": True} for name, number in added.items()}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": decoder}))
    tokenizer = opened(convert_tokenizer(tmp_path, family), tmp_path)
    assert {name: tokenizer.special_id(name) for name in added} == added
    assert tokenizer.vocab_size == before + 5
    with pytest.raises(TokenizerError, match="MASK"):
        tokenizer.special_id("[gMASK]")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ('{"a": 400, "a2": 400}', "twice"),
        ('{"def": 400}', "lists 'def'"),
        ('{"a": -1}', "lists 'a'"),
        ('{"": 400}', "lists ''"),
        ('{"a": 99999999999}', "lists 'a'"),
        ('{"a": true}', "lists 'a'"),
        ('{"a": "400"}', "lists 'a'"),
        ("[]", "no JSON object"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_damaged_list_of_special_tokens_is_refused(content: str, cause: str, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, "glm-original", 384, chinese=False)
    (tmp_path / "added_tokens.json").write_text(content)
    with pytest.raises(TokenizerError, match=cause):
        convert_tokenizer(tmp_path, "glm-original")


def test_a_piece_named_like_a_special_token_keeps_its_id(tmp_path: Path) -> None:
    """ "sop" and "eop" are bare words: a vocabulary may well have pieces of these names."""
    pieces = bpe_pieces(["so", "sop", "op", "eop"], "▁sopeabc")
    (tmp_path / "tokenizer.model").write_bytes(model_file(pieces))
    tokenizer = opened(convert_tokenizer(tmp_path, "chatglm2"), tmp_path)
    texts_of = {piece.text: number for number, piece in enumerate(pieces)}
    assert tokenizer.encode("asop") == [texts_of["▁"], texts_of["a"], texts_of["sop"]]
    assert tokenizer.special_id("sop") == len(pieces) + 3
    assert tokenizer.special_id("eop") == len(pieces) + 4
    assert tokenizer.special_id("[gMASK]") == len(pieces) + 1
    assert texts_of["sop"] not in tokenizer.special_ids
    assert tokenizer.decode(tokenizer.encode("sop eop sopeop")) == "sop eop sopeop"


def test_the_start_token_of_glm_4_is_not_that_of_chatglm(tmp_path: Path) -> None:
    """A prompt that names both, as either may exist, has one of them."""
    assert row(tmp_path / "4", "glm-4", True).find_special("sop") is None
    assert row(tmp_path / "3", "chatglm3", True).find_special("<sop>") is None


def test_a_rank_may_not_be_a_special_token_too(tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, "glm-4", 384)
    path = tmp_path / "tokenizer.model"
    count = len(path.read_bytes().splitlines())
    path.write_bytes(path.read_bytes() + base64.b64encode(b"<|user|>") + b" %d\n" % count)
    with pytest.raises(TokenizerError, match="user"):
        convert_tokenizer(tmp_path, "glm-4")


def test_other_names_may_not_be_pieces_too(tmp_path: Path) -> None:
    pieces = [*FIRST_PIECES, *BYTES, Piece("a"), Piece("[gMASK]", 0.0, USER_DEFINED)]
    (tmp_path / "tokenizer.model").write_bytes(model_file(pieces))
    with pytest.raises(TokenizerError, match="gMASK"):
        convert_tokenizer(tmp_path, "chatglm3")


@pytest.mark.parametrize("family", ["chatglm2", "chatglm2-32k", "chatglm3", "codegeex2", "chatglm-6b"])
def test_a_converted_file_beside_the_original_is_not_looked_at(family: str, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, family, 384)
    (tmp_path / "tokenizer.json").write_text("not even JSON")
    assert convert_tokenizer(tmp_path, family).origin.endswith(".model")


@pytest.mark.parametrize("family", ["codegeex4", "glm-4"])
def test_glm_4_s_tokenizer_json_comes_before_its_ranks(family: str, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, "glm-4", 384)
    assert convert_tokenizer(tmp_path, family).origin == "tokenizer.model"
    write_tokenizer_files(tmp_path, "codegeex4", 384)
    assert convert_tokenizer(tmp_path, family).origin == "tokenizer.json"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_missing_file_is_named(family: str, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"has no .*(\.model|\.json)") as caught:
        convert_tokenizer(tmp_path, family)
    assert "Download" in caught.value.remedy


def test_what_is_not_known_or_not_fit_for_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="'glm-9'"):
        convert_tokenizer(tmp_path, "glm-9")
    (tmp_path / "vocab.txt").write_text("[PAD]\n")
    with pytest.raises(TokenizerError, match="WordPiece"):
        convert_tokenizer(tmp_path, "glm-original")
    write_tokenizer_files(tmp_path, "glm-4", 384)
    with pytest.raises(TokenizerError, match="the model only 300"):
        convert_tokenizer(tmp_path, "glm-4", vocab_size=300)


# ChatGLM-6B


def ice_text(folder: Path, *, complete: bool, model_type: int = UNIGRAM, **normalizer: bool) -> list[str]:
    """A file as the second release has it, or the first, whose class appends the special pieces; all pieces' texts."""
    front = [*FIRST_PIECES, Piece("<pad>", 0.0, CONTROL), Piece("<n>", 0.0, USER_DEFINED)]
    words = [
        "▁",
        ",",
        "▁def",
        "def",
        "▁x",
        "main",
        "return",
        *"abcdefghijklmnopqrstuvwxyz():=#'.<>|_0123456789",
    ]
    normal = [Piece(word, -2 - rank / 8) for rank, word in enumerate(words)]
    specials = ["[MASK]", "[gMASK]", "[sMASK]", "<unused_0>", "<sop>", "<eop>", "<ENC>", "<dBLOCK>"]
    behind = [Piece(name, 0.0, CONTROL) for name in specials]
    behind += [Piece(n, 0.0, USER_DEFINED) for n in ("<|tab|>", *(f"<|blank_{k}|>" for k in range(2, 81)))]
    pieces = [*front, *normal, *behind, *BYTES]
    file = pieces if complete else [*front, *normal]
    content = model_file(file, model_type=model_type, byte_fallback=complete, **normalizer)
    (folder / "ice_text.model").write_bytes(content)
    return [piece.text for piece in pieces]


def as_the_hub_does(text: str) -> str:
    text = text.replace("\n", "<n>").replace("\t", "<|tab|>")
    for count in range(80, 1, -1):
        text = text.replace(" " * count, f"<|blank_{count}|>")
    return text


@pytest.mark.parametrize("model_type", [UNIGRAM, BPE])
def test_chatglm_6b_writes_line_breaks_and_blanks_as_the_hub_does(model_type: int, tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    ice_text(tmp_path, complete=True, model_type=model_type)
    reference = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "ice_text.model"))
    tokenizer = opened(convert_tokenizer(tmp_path, "chatglm-6b"), tmp_path)
    runs = [f"x{' ' * count}y" for count in range(1, 260)]
    for text in (*texts(), *runs, " " * 100, "\n  x", "  \n\t\n  "):
        assert tokenizer.encode(text) == reference.encode(as_the_hub_does(text)), text
        if "▁" not in text:
            assert tokenizer.decode(tokenizer.encode(text)) == text


def test_both_releases_of_chatglm_6b(tmp_path: Path) -> None:
    names = ice_text(tmp_path, complete=True)
    second = opened(convert_tokenizer(tmp_path, "chatglm-6b", vocab_size=len(names) + 100), tmp_path)
    assert [second.special_id(name) for name in ("<sop>", "[gMASK]")] == [
        names.index("<sop>"),
        names.index("[gMASK]"),
    ]
    assert ice_text(tmp_path, complete=False) == names
    assert second.encode(CODE) == opened(convert_tokenizer(tmp_path, "chatglm-6b"), tmp_path).encode(CODE)
    first = opened(convert_tokenizer(tmp_path, "chatglm-6b", vocab_size=len(names) + 20_184), tmp_path)
    assert first.encode(CODE) == [token_id + 20_000 for token_id in second.encode(CODE)]
    assert first.special_id("<sop>") == names.index("<sop>") + 20_000
    assert first.decode(first.encode(CODE)) == CODE
    assert {0, 19_999} <= first.special_ids
    (tmp_path / "tokenizer_config.json").write_text('{"num_image_tokens": 7}')
    stated = opened(convert_tokenizer(tmp_path, "chatglm-6b", vocab_size=len(names) + 30_000), tmp_path)
    assert stated.special_id("<sop>") == names.index("<sop>") + 7


def test_chatglm_6b_s_order_of_appended_pieces(tmp_path: Path) -> None:
    """As 130000 [MASK], 130001 [gMASK], 130004 <sop>, 130008 tab, 130009 two blanks, 130087 eighty, 130088 byte 0."""
    num_own = ice_text(tmp_path, complete=True).index("[MASK]")
    ice_text(tmp_path, complete=False)
    tokenizer = opened(convert_tokenizer(tmp_path, "chatglm-6b"), tmp_path)
    assert tokenizer.special_id("[gMASK]") == num_own + 1
    assert tokenizer.special_id("<sop>") == num_own + 4
    assert tokenizer.special_id("<eop>") == num_own + 5
    assert [tokenizer.token_bytes(num_own + offset) for offset in (8, 9, 87, 88, 343)] == [
        b"\t", b"  ", b" " * 80, b"\0", b"\xff",
    ]  # fmt: skip
    assert tokenizer.vocab_size == num_own + 344


def test_a_file_that_is_not_chatglm_6b_s_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ice_text.model").write_bytes(
        model_file([*FIRST_PIECES, Piece("a")], model_type=UNIGRAM, byte_fallback=False)
    )
    with pytest.raises(TokenizerError, match="<n>"):
        convert_tokenizer(tmp_path, "chatglm-6b")


@pytest.mark.parametrize("text", ["    return x", "\n    return x\n", "        a\tb"])
def test_chatglm_6b_keeps_the_blanks_a_text_begins_with(tmp_path: Path, text: str) -> None:
    """Its normaliser takes blanks away; those of a run have become pieces before that."""
    ice_text(tmp_path, complete=True, remove_extra_whitespaces=True)
    tokenizer = opened(convert_tokenizer(tmp_path, "chatglm-6b"), tmp_path)
    assert tokenizer.decode(tokenizer.encode(text)) == text
