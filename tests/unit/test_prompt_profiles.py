"""Prompt profiles: their layouts, the tokenizers they fit, and what the engine makes of the order of their parts."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import pytest

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import (
    LANGUAGE_NAMES,
    PROFILES,
    Kind,
    PromptParts,
    Reference,
    Role,
    profile_named,
)
from glm_lsp.completion.prompt.languages import OTHER_LANGUAGE_NAMES, codegeex2_tag, language_name
from glm_lsp.completion.prompt.segment import Segment
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.slots import common_prefix
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import TokenizerError
from tests.byte_level import CHATGLM2, CHATGLM3, CHATGLM_6B, GLM_4, GLM_10B, GLM_45, byte_level, byte_source
from tests.fakes.fake_session import FakeSession
from tests.prompt_goldens import FOLDERS, LONG, PROMPTS, REQUESTS, goldens, starter_tokenizer

GOLDENS = dict(goldens())
TOKENS = {
    "codegeex4": GLM_4, "codegeex2": CHATGLM2, "glm-fim-psm": GLM_45, "glm-fim-spm": GLM_45, "base": GLM_4,
    "chatglm-6b-blank": CHATGLM_6B, "glm-blank": GLM_10B, "plain": {},
}  # fmt: skip


def layout(profile: str, **parts: object) -> str:
    """A prompt as one text."""
    segments = profile_named(profile)(PromptParts(**parts))  # type: ignore[arg-type]
    return "".join(segment.lead + segment.text for segment in segments)


def encoder(profile: str, context: int = 640, **options: object) -> PromptEncoder:
    return PromptEncoder(byte_source(TOKENS[profile]), profile, context, **options)  # type: ignore[arg-type]


def asked(prefix: str, suffix: str = "", **options: object) -> CompletionRequest:
    return CompletionRequest(prompt=prefix, suffix=suffix, glm=GlmOptions(**options))  # type: ignore[arg-type]


# Layouts


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(path: object) -> None:
    assert path.read_bytes().decode() == GOLDENS[path]  # type: ignore[attr-defined,index]


def test_there_is_a_golden_file_for_each_case_and_no_other() -> None:
    assert {
        path for path in PROMPTS.parent.rglob("*.txt") if path.parents[1].name in ("prompts", "chat")
    } == set(GOLDENS)
    assert {profile for profile, _ in FOLDERS.values()} == set(PROFILES)
    assert len(REQUESTS) >= 6


def test_codegeex4_is_the_guides_template() -> None:
    references = (Reference("a.py", "one = 1"), Reference("b/c.py", "two = 2"))
    text = layout("codegeex4", prefix="P", suffix="S", path="d.py", language="Python", mode=Mode.LINE)
    assert text == (
        "[gMASK]<sop><|user|>\n###PATH:d.py\n###LANGUAGE:Python\n###MODE:LINE\n"
        "<|code_suffix|>S<|code_prefix|>P<|code_middle|><|assistant|>\n"
    )
    assert layout("codegeex4", prefix="P", references=references) == (
        "[gMASK]<sop><|user|>\n###REFERENCE:\n###PATH:a.py\none = 1\n###REFERENCE:\n###PATH:b/c.py\ntwo = 2\n"
        "###PATH:\n###LANGUAGE:\n###MODE:BLOCK\n<|code_suffix|><|code_prefix|>P<|code_middle|><|assistant|>\n"
    )


def test_codegeex2_is_its_readmes_prompt_in_one_text() -> None:
    (_, _, code) = profile_named("codegeex2")(
        PromptParts(prefix="# write a bubble sort function\n", language="Python")
    )
    assert code.lead + code.text == "# language: Python\n# write a bubble sort function\n"
    assert code.kind is Kind.TEXT
    assert layout("codegeex2", prefix="x", suffix="never shown", language="Whitespace") == "[gMASK]sopx"


def test_blanks_say_where_something_is_missing() -> None:
    assert layout("chatglm-6b-blank", prefix="P") == "P[gMASK]<sop>"
    assert layout("chatglm-6b-blank", prefix="P", suffix="S") == "P[MASK]\nS<sop>"
    assert layout("glm-blank", prefix="P") == "[CLS]P[gMASK]<|endoftext|><|startofpiece|>"
    assert layout("glm-blank", prefix="P", suffix="S") == "[CLS]P[MASK]\nS<|endoftext|><|startofpiece|>"


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("Python", "# language: Python"), ("C++", "// language: C++"), ("swift", "// language: swift"),
        ("Swift", "// language: swift"), ("SQL", "-- language: SQL"), ("TeX", "% language: TeX"),
        ("Scheme", "; language: Scheme"), ("Visual Basic", "' language: Visual Basic"),
        ("Fortran", "!language: Fortran"), ("OCaml", "(*language: OCaml*)"),
        ("Standard ML", "(*language:Standard ML*)"),
        ("HTML", "<!--language: HTML-->"), ("CSS", "/* language: CSS */"), ("Delphi", "{language: Delphi}"),
        ("reStructuredText", ".. language: reStructuredText"), ("typescriptreact", "// language: TypeScript"),
        ("shellscript", "# language: Shell"), ("TOML", ""), ("", ""), ("tcl", ""),
    ],
)  # fmt: skip
def test_codegeex2_names_the_language_in_a_comment(language: str, tag: str) -> None:
    assert codegeex2_tag(language) == tag


def test_every_language_an_editor_may_name_has_its_tag() -> None:
    untold = {name for name in LANGUAGE_NAMES.values() if not codegeex2_tag(name)}
    assert untold == {"JSON", "TOML"}
    assert [name for name in OTHER_LANGUAGE_NAMES.values() if not codegeex2_tag(name)] == []
    assert LANGUAGE_NAMES.keys().isdisjoint(OTHER_LANGUAGE_NAMES)
    assert language_name("FortranFreeForm") == "Fortran"
    assert language_name("plaintext") == ""


# Tokenizers


@pytest.mark.parametrize(
    ("specials", "fits"),
    [
        (GLM_4, {"codegeex4", "base", "plain"}),
        (GLM_45, {"codegeex4", "glm-fim-psm", "glm-fim-spm", "base", "plain"}),
        (CHATGLM2, {"codegeex2", "base", "plain"}),
        (CHATGLM3, {"codegeex2", "codegeex4", "base", "plain"}),
        (CHATGLM_6B, {"chatglm-6b-blank", "base", "plain"}),
        (GLM_10B, {"glm-blank", "base", "plain"}),
        ({}, {"base", "plain"}),
    ],
)
def test_a_profile_is_taken_exactly_where_its_tokens_are(specials: Mapping[str, int], fits: set[str]) -> None:
    if specials is GLM_4:
        fits = fits | {"chatglm-6b-blank"}  # it has those tokens, too
    if specials is GLM_45:
        fits = fits | {"chatglm-6b-blank"}
    tokenizer = byte_source(specials)
    taken = set()
    for name in PROFILES:
        try:
            PromptEncoder(tokenizer, name, 256)
        except TokenizerError as error:
            assert repr(name) in error.cause
            assert set(error.remedy.rstrip(".").partition(": ")[2].split(", ")) == fits
        else:
            taken.add(name)
    assert taken == fits


def test_an_ordinary_token_is_not_taken_for_the_special_one_of_its_name() -> None:
    assert byte_level(GLM_4).token_to_id("a") is not None
    tokenizer = byte_source(GLM_4)
    assert tokenizer.find_special("a") is None
    assert tokenizer.find_special("<sop>") == 151333
    with pytest.raises(TokenizerError, match="no token a"):
        tokenizer.encode_segment(Segment("a", Role.HEADER, Kind.SPECIAL))


def test_kinds_of_segments() -> None:
    tokenizer = byte_source(GLM_4)
    ids = {
        kind: tokenizer.encode_segment(Segment("<|code_middle|>", Role.HEADER, kind))
        for kind in Kind
        if kind is not Kind.SPECIAL
    }
    assert ids[Kind.TEXT] == ids[Kind.SPECIAL_OR_TEXT] == tokenizer.encode("<|code_middle|>")
    assert ids[Kind.SPECIAL_IF_KNOWN] == []
    for kind in (Kind.SPECIAL, Kind.SPECIAL_OR_TEXT, Kind.SPECIAL_IF_KNOWN):
        assert tokenizer.encode_segment(Segment("<|user|>", Role.HEADER, kind)) == [151336]


def test_the_built_in_models_prompts_have_no_opening_tokens() -> None:
    tokenizer = starter_tokenizer()
    assert tokenizer.find_special("[gMASK]") is tokenizer.find_special("<sop>") is None
    ids = PromptEncoder(tokenizer, "codegeex4", 512).encode(
        asked("a = ", "b\n", path="x.py", language="Python")
    )
    one, text = tokenizer.special_id, tokenizer.encode
    assert ids == [
        one("<|user|>"), *text("\n###PATH:x.py\n###LANGUAGE:Python\n###MODE:BLOCK\n"), one("<|code_suffix|>"),
        *text("b\n"), one("<|code_prefix|>"), *text("a = "), one("<|code_middle|>"), one("<|assistant|>"), *text("\n"),
    ]  # fmt: skip


def test_names_of_missing_tokens_end_an_answer_as_text() -> None:
    assert encoder("codegeex4").stop_strings == ("<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>")
    assert PromptEncoder(starter_tokenizer(), "codegeex4", 512).stop_strings == ()
    assert encoder("glm-fim-psm").stop_strings == ()


@pytest.mark.parametrize(
    ("specials", "expected"),
    [(GLM_4, "a + b"), (GLM_45, "a + b<|code_suffix|>more")],
    ids=["the model has no such token", "it has, and means the text"],
)
def test_an_answer_ends_before_the_name_of_a_missing_token(
    specials: Mapping[str, int], expected: str
) -> None:
    tokenizer = byte_source(specials)
    one = PromptEncoder(tokenizer, "codegeex4", 640)
    wanted = asked("def add(a, b):\n    return ", path="a.py")
    says = [*tokenizer.encode("a + b<|code_suffix|>more"), tokenizer.special_id("<|user|>")]
    session = SayingSession(len(one.encode(wanted)), says, capacity=640)
    with Engine(Worker(session, tokenizer, one), EngineDescription(model="m")) as engine:
        chunks = list(engine.complete(wanted))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.text for choice in choices) == expected
    assert choices[-1].finish_reason == "stop"


class SayingSession(FakeSession):
    """Says the same after every prompt of that length."""

    def __init__(self, num_prompt: int, says: list[int], capacity: int) -> None:
        super().__init__(capacity=capacity)
        self._num_prompt, self._says = num_prompt, says

    def _row(self, ids: list[int]) -> np.ndarray:
        at = len(ids) - self._num_prompt
        return np.full(8, self._says[at] if 0 <= at < len(self._says) else 0)


# Budgets and the cache, whatever the order of the parts


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("context", [180, 240, 640])
def test_prompts_keep_within_the_budget_and_hold_what_is_next_to_the_cursor(
    profile: str, context: int
) -> None:
    one = encoder(profile, context)
    tokenizer = byte_source(TOKENS[profile])
    rng = random.Random(context)
    texts = [LONG, "x" * 3000, "é中\U0001f600" * 300, "", "a\n"]
    for _ in range(40):
        prefix, suffix = rng.choice(texts)[: rng.randrange(1, 4000)], rng.choice(texts)
        language = rng.choice(("Python", "", "TeX"))
        ids = one.encode(asked(prefix, suffix, path=rng.choice(("", "a.py", "d/" * 400)), language=language))
        assert 0 < len(ids) <= one.budget
        assert prefix[-4:] in tokenizer.decode(ids)
        if one_tag := codegeex2_tag(language) if profile == "codegeex2" else "":
            assert tokenizer.decode(ids).startswith(f"{one_tag}\n")


@pytest.mark.parametrize("profile", PROFILES)
def test_typing_keeps_what_comes_before_the_suffix(profile: str) -> None:
    one = encoder(profile)
    suffix_first = profile_named(profile).heals
    moves = 0
    previous: list[int] = []
    for end in range(1200, 2000):
        ids = one.encode(asked(LONG[:end], "done()\n", path="a.py", language="Python"))
        kept = common_prefix(previous, ids)
        moves += bool(previous) and kept < len(previous) - (30 if suffix_first else 60)
        previous = ids
    assert moves <= 8


def test_the_tag_stays_where_the_prefix_loses_its_beginning() -> None:
    one = encoder("codegeex2", 200)
    text = byte_source(CHATGLM2).decode(one.encode(asked(LONG, language="Lua")))
    tag, _, rest = text.partition("\n")
    assert tag == "// language: Lua"
    assert rest.startswith("value_")
    assert LONG.endswith(rest)


def test_the_suffix_keeps_its_beginning() -> None:
    for profile in ("codegeex4", "glm-fim-psm", "glm-fim-spm", "chatglm-6b-blank", "glm-blank"):
        one = encoder(profile, 400)
        text = byte_source(TOKENS[profile]).decode(one.encode(asked("here = ", LONG)))
        assert "value_0 = 0\nvalue_1 = 1\n" in text
        assert "value_199" not in text


# Healing, and finding the cursor again


@pytest.mark.parametrize("profile", PROFILES)
def test_tokens_are_only_taken_back_where_the_answer_goes_on_behind_the_prefix(profile: str) -> None:
    healing = {"codegeex4", "codegeex2", "glm-fim-spm", "base", "plain"}
    one = encoder(profile, healing="tokens")
    assert (one.vocabulary is not None) == (profile in healing) == profile_named(profile).heals


def test_the_tag_is_never_taken_back() -> None:
    one = encoder("codegeex2")
    # Every byte is a token and none is longer, so an index with a longer one is put in its place.
    texts = byte_source(CHATGLM2).byte_vocabulary()
    index = VocabularyIndex([*texts, b"\nx", b"Python\n\n"])
    one._vocabulary = index
    ids, healing = one.encode_healed(asked("", language="Python"))
    assert healing is None
    assert byte_source(CHATGLM2).decode(ids) == "# language: Python\n"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("suffix", ["", "after = 2\n"])
def test_the_text_before_the_cursor_is_found_in_a_prompt_of_ids(profile: str, suffix: str) -> None:
    tokenizer = byte_source(TOKENS[profile])
    one = encoder(profile)
    ids = one.encode(asked("before = 1\n", suffix, path="a.py", language="Python"))
    texts = one.text_before(ids, VocabularyIndex(tokenizer.byte_vocabulary()))
    assert texts[-1].endswith(b"before = 1\n")
    assert any(suffix.encode() in text for text in texts) or not profile_named(profile).infills
