"""The two meanings of `rope_ratio` in a remote-code config.

ChatGLM2-6B-32K divides positions by it. ChatGLM3-6B-32K and everything later multiply the base of the angles. The
config does not say which, and the wrong one gives a model that talks nonsense. What says it: the model's name, its
modelling code (read as text, never run), or the vocabulary of GLM-4, which came after ChatGLM2. What they say must
agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from glm_lsp.errors import ArchitectureError

RopeRule = Literal["auto", "base", "interpolate"]

REMEDY = (
    "Give --rope-rule interpolate for ChatGLM2-6B-32K and what was made from it, --rope-rule base for ChatGLM3 and "
    "later models."
)

_GLM4_VOCAB = 151552
_NAMED: dict[RopeRule, re.Pattern[str]] = {
    "interpolate": re.compile(r"chatglm2.*32k"),
    "base": re.compile(r"chatglm3|glm-?4|codegeex4"),
}
_CODED: dict[RopeRule, re.Pattern[str]] = {
    "interpolate": re.compile(r"/\s*self\.rope_ratio"),
    "base": re.compile(r"\*\s*self\.rope_ratio|self\.rope_ratio\s*\*"),
}


def interpolates(rule: RopeRule, *, vocab_size: int, names: Iterable[str], code: str) -> bool:
    """Whether positions are divided.

    Args:
        rule: taken as it is, but for "auto".
        names: what the model is called, lower case.
        code: the text of its modelling file, or nothing.

    Raises:
        ArchitectureError: nothing says it, or one thing says this and another that.
    """
    if rule != "auto":
        return rule == "interpolate"
    said = {meant for meant, named in _NAMED.items() for name in names if named.search(name)}
    said |= {meant for meant, coded in _CODED.items() if coded.search(code)}
    if vocab_size == _GLM4_VOCAB:
        said.add("base")
    if len(said) != 1:
        why = "name and code contradict each other" if said else "neither its name nor its code says which"
        raise ArchitectureError(
            f"rope_ratio means two things in models with {vocab_size} token ids, and {why}", REMEDY
        )
    return said == {"interpolate"}
