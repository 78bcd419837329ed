"""Prompt profiles: one layout for each way in which a model was trained to complete code.

A profile turns `PromptParts` into segments; training renders its examples through the same functions. None of
the layouts knows a tokenizer: whether one fits is checked when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from glm_lsp.completion.prompt.languages import codegeex2_tag
from glm_lsp.completion.prompt.parts import PromptParts
from glm_lsp.completion.prompt.segment import Kind, Role, Segment, TokenId, missing_tokens
from glm_lsp.errors import TokenizerError

Layout = Callable[[PromptParts], list[Segment]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A layout, and what the engine must know of it; calling it gives the segments.

    Attributes:
        stop_strings: names that end an answer where the tokenizer has no such special token, as the model then
            writes them as text.
    """

    name: str
    layout: Layout
    stop_strings: tuple[str, ...] = ()

    def __call__(self, parts: PromptParts) -> list[Segment]:
        return self.layout(parts)

    @property
    def infills(self) -> bool:
        """Whether the model is shown what stands behind the cursor."""
        return Role.SUFFIX in self._roles()

    @property
    def heals(self) -> bool:
        """Whether an answer goes on where the prefix ends, so that the prefix' last tokens may be written again.

        It does not where a text or a mask token has been put behind the prefix.
        """
        return self._roles()[-1] is Role.PREFIX

    def missing_tokens(self, token_id: TokenId) -> list[str]:
        """Names of the special tokens that a tokenizer would need, with or without text behind the cursor."""
        return missing_tokens(self(_WITH_SUFFIX) + self(_WITHOUT_SUFFIX), token_id)

    def _roles(self) -> list[Role]:
        """Of the segments that stand for the text around the cursor, a mask token included."""
        return [segment.role for segment in self(_WITH_SUFFIX) if segment.role is not Role.HEADER]


def _special(name: str, role: Role = Role.HEADER) -> Segment:
    return Segment(name, role, Kind.SPECIAL)


def _special_or_text(name: str) -> Segment:
    return Segment(name, Role.HEADER, Kind.SPECIAL_OR_TEXT)


def _opening(*names: str) -> list[Segment]:
    """What some tokenizers of a format put before every text, and others do not have."""
    return [Segment(name, Role.HEADER, Kind.SPECIAL_IF_KNOWN) for name in names]


def codegeex4(parts: PromptParts) -> list[Segment]:
    """Suffix, prefix, middle, as in CodeGeeX4's infilling guide.

    The order puts the text before the cursor last, so that typing only appends and everything before it stays
    in the KV cache.
    """
    references = "".join(f"###REFERENCE:\n###PATH:{ref.path}\n{ref.text}\n" for ref in parts.references)
    header = f"\n{references}###PATH:{parts.path}\n###LANGUAGE:{parts.language}\n###MODE:{parts.mode.value}\n"
    return [
        *_opening("[gMASK]", "<sop>"),
        _special("<|user|>"),
        Segment(header, Role.HEADER),
        _special_or_text("<|code_suffix|>"),
        Segment(parts.suffix, Role.SUFFIX),
        _special_or_text("<|code_prefix|>"),
        Segment(parts.prefix, Role.PREFIX),
        _special_or_text("<|code_middle|>"),
        _special("<|assistant|>"),
        Segment("\n", Role.HEADER),
    ]


def codegeex2(parts: PromptParts) -> list[Segment]:
    """A comment that names the language, then the text before the cursor, as one text; there is no infilling."""
    tag = codegeex2_tag(parts.language)
    return [
        _special("[gMASK]"),
        _special("sop"),
        Segment(parts.prefix, Role.PREFIX, lead=f"{tag}\n" if tag else ""),
    ]


def glm_fim_psm(parts: PromptParts) -> list[Segment]:
    """GLM-4.5's tokens, prefix first. Every key moves the suffix, which so never stays in the KV cache."""
    return [
        *_opening("[gMASK]", "<sop>"),
        _special("<|code_prefix|>"),
        Segment(parts.prefix, Role.PREFIX),
        _special("<|code_suffix|>"),
        Segment(parts.suffix, Role.SUFFIX),
        _special("<|code_middle|>"),
    ]


def glm_fim_spm(parts: PromptParts) -> list[Segment]:
    """GLM-4.5's tokens, suffix first."""
    return [
        *_opening("[gMASK]", "<sop>"),
        _special("<|code_suffix|>"),
        Segment(parts.suffix, Role.SUFFIX),
        _special("<|code_prefix|>"),
        Segment(parts.prefix, Role.PREFIX),
        _special("<|code_middle|>"),
    ]


def plain(parts: PromptParts) -> list[Segment]:
    """The text before the cursor and nothing else, for models without an infilling format."""
    return [Segment(parts.prefix, Role.PREFIX)]


def base(parts: PromptParts) -> list[Segment]:
    """The text before the cursor behind the opening tokens, for base models: ChatGLM3's are called otherwise."""
    return [*_opening("[gMASK]", "<sop>", "sop"), Segment(parts.prefix, Role.PREFIX)]


def chatglm_6b_blank(parts: PromptParts) -> list[Segment]:
    """ChatGLM-6B: a blank, then the start token.

    Its tokenizer (`tokenization_chatglm.py` of the model's repository, `build_inputs_with_special_tokens`) ends
    every text with the start token, and puts [gMASK] before that unless the text has a mask of its own.
    """
    return [*_with_blank(parts), _special("<sop>")]


def glm_blank(parts: PromptParts) -> list[Segment]:
    """The original GLM: [CLS], the text with a blank, the end of the text, then the start token.

    So does its tokenizer: `build_inputs_with_special_tokens` gives [CLS], the text and the token that ends a text,
    and `build_inputs_for_generation` adds the start token (`tokenization_glm.py` of THUDM/glm-10b; copied in
    alipay/PainlessInferenceAcceleration, pia/models/glm). Blanks before a mask token, which the English one
    drops, are kept: they are the indentation the answer begins behind.
    """
    return [_special("[CLS]"), *_with_blank(parts), _special("<|endoftext|>"), _special("<|startofpiece|>")]


def _with_blank(parts: PromptParts) -> list[Segment]:
    """Text with [MASK] where something is missing in the middle, with [gMASK] where it goes on at the end.

    The suffix starts at the next line, so here, where it stands in its own place, the line break comes with it.
    """
    prefix = Segment(parts.prefix, Role.PREFIX)
    if not parts.suffix:
        return [prefix, _special("[gMASK]", Role.MIDDLE)]
    return [prefix, _special("[MASK]", Role.MIDDLE), Segment(f"\n{parts.suffix}", Role.SUFFIX)]


_WITHOUT_SUFFIX = PromptParts(prefix="a")
_WITH_SUFFIX = PromptParts(prefix="a", suffix="b")

# As other clients of CodeGeeX4 have it; a tokenizer may know some of them.
_CODEGEEX4_STOPS = (
    "<|user|>", "<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>", "<|assistant|>", "<|endoftext|>",
)  # fmt: skip

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("codegeex4", codegeex4, _CODEGEEX4_STOPS),
        Profile("codegeex2", codegeex2),
        Profile("glm-fim-psm", glm_fim_psm),
        Profile("glm-fim-spm", glm_fim_spm),
        Profile("chatglm-6b-blank", chatglm_6b_blank),
        Profile("glm-blank", glm_blank),
        Profile("base", base),
        Profile("plain", plain),
    )
}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        TokenizerError: a model asks for a profile this version does not have.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise TokenizerError(
            f"unknown prompt profile {name!r}; known: {', '.join(sorted(PROFILES))}"
        ) from None


def fitting_profiles(token_id: TokenId, profiles: Iterable[Profile] = PROFILES.values()) -> list[str]:
    """Names of the profiles whose special tokens a tokenizer has."""
    return [profile.name for profile in profiles if not profile.missing_tokens(token_id)]


def require_fitting(profile: Profile, token_id: TokenId) -> None:
    """Refuses a profile that a tokenizer cannot write.

    Raises:
        TokenizerError: a special token is missing; tells which profiles would do.
    """
    if missing := profile.missing_tokens(token_id):
        raise TokenizerError(
            f"the tokenizer has no token {', '.join(missing)}, which the prompt profile {profile.name!r} needs",
            f"Import the model with a profile that its tokenizer can write: {', '.join(fitting_profiles(token_id))}.",
        )
