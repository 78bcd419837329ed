"""Each published model's tokenizer, in its official format, with the profile and chat template of its family."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tokenizers import Tokenizer

from glm_lsp.completion.chat import Message
from glm_lsp.completion.prompt import profile_named
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.encoding_memo import EncodingMemo
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.importing.families import FAMILIES
from glm_lsp.models.tokenizers.convert import convert_tokenizer
from tests.official.tokenizer_files import write_tokenizer_files

CONTEXT = 400
CODE = "".join(f"def int_{number}(self):\n    return self.name  # 你好\n" for number in range(60))
ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
GLM_4_ENDS = ("<|endoftext|>", *ROLES, "[gMASK]", "<sop>", "<eop>")
ENDS = {
    "codegeex4": GLM_4_ENDS, "glm-4": GLM_4_ENDS, "glm-4-hf": GLM_4_ENDS, "glm-4-0414": GLM_4_ENDS,
    "glm-edge": GLM_4_ENDS, "codegeex2": ("</s>", "eop"), "chatglm2": ("</s>", "eop"), "chatglm2-32k": ("</s>", "eop"),
    "chatglm3": ("</s>", "eop", *ROLES), "chatglm-6b": ("<eop>", "<sop>", "[gMASK]", "[MASK]"),
    "glm-original": ("<|endoftext|>", "<|startofpiece|>", "<|endofpiece|>", "[MASK]", "[gMASK]", "[CLS]"),
    "starter": ("<|endoftext|>", "<|user|>", "<|code_middle|>"),
}  # fmt: skip
OPENINGS = {
    "codegeex4": ["[gMASK]", "<sop>", "<|user|>"], "glm-4": ["[gMASK]", "<sop>"], "glm-4-hf": ["[gMASK]", "<sop>"],
    "glm-4-0414": ["[gMASK]", "<sop>"], "glm-edge": ["[gMASK]", "<sop>"], "codegeex2": ["[gMASK]", "sop"],
    "chatglm2": ["[gMASK]", "sop"], "chatglm2-32k": ["[gMASK]", "sop"], "chatglm3": ["[gMASK]", "sop"],
    "chatglm-6b": [], "glm-original": ["[CLS]"], "starter": ["<|user|>"],
}  # fmt: skip


@cache
def tokenizer(family: str) -> SourceTokenizer:
    with TemporaryDirectory() as folder:
        write_tokenizer_files(Path(folder), family, 512)
        converted = convert_tokenizer(Path(folder), family, vocab_size=512)
    return SourceTokenizer(Tokenizer.from_str(converted.json))


def encoder(family: str, context: int = CONTEXT) -> PromptEncoder:
    return PromptEncoder(tokenizer(family), FAMILIES[family].profile, context)


def kept(family: str, text: str) -> str:
    """What a family's tokenizer leaves of a text: the original GLM's makes one blank of any number, line breaks too."""
    return "".join(text.split()) if family == "glm-original" else text


def asked(prefix: str, suffix: str = "") -> CompletionRequest:
    return CompletionRequest(prompt=prefix, suffix=suffix, glm=GlmOptions(path="a.py", language="Python"))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_the_tokens_of_its_profile_and_template(family: str) -> None:
    names = [tokenizer(family).token_text(i) for i in encoder(family).encode(asked("pr", "def\n"))]
    assert names[: len(OPENINGS[family])] == OPENINGS[family]
    if template := FAMILIES[family].chat_template:
        assert ChatEncoder(tokenizer(family), template, CONTEXT).encode([Message("user", "def")])


@pytest.mark.parametrize("family", FAMILIES)
def test_what_ends_an_answer_is_special(family: str) -> None:
    source = tokenizer(family)
    assert {source.find_special(name) for name in ENDS[family]} <= source.special_ids


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("suffix", ["", CODE])
def test_prompts_keep_the_code_around_the_cursor(family: str, suffix: str) -> None:
    source = tokenizer(family)
    one = encoder(family)
    for end in range(len(CODE) - 60, len(CODE), 7):
        ids = one.encode(asked(CODE[:end], suffix))
        text = kept(family, source.decode(ids))
        assert len(ids) <= one.budget
        assert kept(family, CODE[end - 40 : end]) in text
        assert (kept(family, "def int_0(self):\n    return") in text) == bool(
            suffix and profile_named(FAMILIES[family].profile).infills
        )
        if family != "glm-original":
            texts = one.text_before(ids, VocabularyIndex(source.byte_vocabulary()))
            assert texts[-1].decode().endswith(CODE[end - 40 : end])


@pytest.mark.parametrize("family", FAMILIES)
def test_special_tokens_in_code_stay_code(family: str) -> None:
    source = tokenizer(family)
    names = {name for names in ENDS.values() for name in names} | {
        "sop",
        "<|code_middle|>",
        "<|code_prefix|>",
    }
    plain = [i for i in encoder(family).encode(asked("x", "y\n")) if i in source.special_ids]
    for name in names:
        ids = encoder(family).encode(asked(f"a = '{name}'", f"{name}\n"))
        assert [i for i in ids if i in source.special_ids] == plain


def test_codegeex2s_tag_and_code_are_one_text() -> None:
    source = tokenizer("codegeex2")
    opening = [source.special_id("[gMASK]"), source.special_id("sop")]
    assert encoder("codegeex2").encode(asked("def self")) == [
        *opening,
        *source.encode("# language: Python\ndef self"),
    ]
    # The dummy blank stands before the tag only.
    tag = source.encode("# language: Python\n")
    ids = encoder("codegeex2").encode(asked(CODE))[2:]
    assert ids[: len(tag)] == tag
    assert source.decode(ids).startswith("# language: Python\ndef int_")
    assert ("# language: Python\n" + CODE).endswith(source.decode(ids).partition("\n")[2])


@pytest.mark.parametrize("family", ["chatglm3", "glm-4"])
def test_messages_are_encoded_apart(family: str) -> None:
    source = tokenizer(family)
    template = FAMILIES[family].chat_template
    ids = list(
        ChatEncoder(source, template, CONTEXT).encode([Message("system", "return"), Message("user", " self")])
    )
    start = "sop" if family == "chatglm3" else "<sop>"
    one, text = source.special_id, source.encode
    assert ids == [
        one("[gMASK]"), one(start), one("<|system|>"), *text("\n"), *text("return"), one("<|user|>"), *text("\n"),
        *text(" self"), one("<|assistant|>"),
    ]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_edited_texts_are_encoded_as_if_for_the_first_time(family: str) -> None:
    source, rng, text = tokenizer(family), random.Random(1), CODE
    memo = EncodingMemo(source)
    pieces = [
        "\n",
        "\n\n",
        "    ",
        "\t",
        "é",
        "你好",
        "\N{FIRE}",
        "\r\n",
        "def f(x):\n",
        "x",
        " \n",
        "<n>",
        "<|user|>",
    ]
    for _ in range(150):
        at = (
            rng.randrange(len(text) + 1)
            if rng.random() < 0.3
            else rng.randrange(len(text) * 3 // 4, len(text) + 1)
        )
        text = text[:at] + rng.choice(pieces) + text[at + rng.choice((0, 0, 1, 40)) :]
        assert tuple(memo.encode(text)) == source.encode_with_starts(text)


@pytest.mark.parametrize("family", FAMILIES)
def test_typing_encodes_only_the_last_lines(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, seen = tokenizer(family), []
    encode = source.encode_with_starts
    monkeypatch.setattr(source, "encode_with_starts", lambda text: seen.append(len(text)) or encode(text))
    memo = EncodingMemo(source)
    begin = len(CODE) - 120
    for end in range(begin, len(CODE)):
        memo.encode(CODE[:end])
    assert seen[0] == begin
    assert max(seen[1:]) < begin / 8
