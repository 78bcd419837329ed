"""What every conversion ends in: a `tokenizer.json` that the tokenizers library has read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tokenizers import Tokenizer

from glm_lsp.errors import TokenizerError

Kind = Literal["byte-level", "sentencepiece"]

_ONE_LINE = (
    "loses line breaks, tabs and indentation: the model reads and writes a single line, which is of "
    "little use for code"
)

_PROBE = "if a < 1:\n\treturn  'é中\U0001f600'\n"


@dataclass(frozen=True, slots=True)
class ConvertedTokenizer:
    """A converted tokenizer.

    Attributes:
        json: content of `tokenizer.json`.
        num_ids: the highest id, plus one. Ids below it need not all exist.
        kind: how its tokens spell bytes.
        origin: name of the file it came from.
        note: what a user should know of it before using the model; empty as a rule.
    """

    json: str
    num_ids: int
    kind: Kind
    origin: str
    note: str = ""


def finish(
    kind: Kind,
    origin: str,
    model: Mapping[str, Any],
    *,
    specials: Mapping[str, int],
    normalizer: Mapping[str, Any] | None = None,
    pre_tokenizer: Mapping[str, Any] | None = None,
    decoder: Mapping[str, Any],
) -> ConvertedTokenizer:
    """Puts the parts together; `specials` are in the model's vocabulary already, under these names and ids.

    Raises:
        TokenizerError: the library refuses the result.
    """
    added = [
        {
            "id": token_id,
            "content": name,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for name, token_id in sorted(specials.items(), key=lambda item: item[1])
    ]
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": decoder,
        "model": model,
    }
    return read_back(kind, origin, json.dumps(content, ensure_ascii=False), specials)


def read_back(kind: Kind, origin: str, text: str, specials: Mapping[str, int]) -> ConvertedTokenizer:
    """The tokenizer, once the library has read it and encoded a text with it.

    Raises:
        TokenizerError: it cannot, or a special token got another id.
    """
    try:
        tokenizer = Tokenizer.from_str(text)
        tokenizer.encode_special_tokens = True
        text_back = tokenizer.decode(tokenizer.encode(_PROBE, add_special_tokens=False).ids)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library raises bare Exception, and panics are not even that
        raise TokenizerError(f"{origin} makes no usable tokenizer: {error}", DAMAGED) from error
    wrong = [name for name, token_id in specials.items() if tokenizer.token_to_id(name) != token_id]
    if wrong:
        raise TokenizerError(f"{origin} gives {wrong[0]!r} another id than its model", DAMAGED)
    num_ids = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    note = "" if "\n" in text_back else f"{origin} {_ONE_LINE}"
    return ConvertedTokenizer(json=text, num_ids=num_ids, kind=kind, origin=origin, note=note)


DAMAGED = "Download the file again and compare its hash with the one its page names."
