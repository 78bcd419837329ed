"""Tokenizer files in which the pieces of the golden vectors stand at their real ids, and fillers everywhere else.

Which piece an id stands for follows from the vectors. What lies between (the steps by which a piece is merged) is
made up, and stands at the first free ids.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.official.sentencepiece_writer import (
    BLANK,
    BYTES,
    CONTROL,
    FIRST_PIECES,
    UNIGRAM,
    USER_DEFINED,
    Piece,
    model_file,
)

_CHATGLM = {
    296: "▁▁▁", 517: "ound", 790: "▁[", 884: "▁def", 993: "▁world", 1301: "▁main", 2029: "('", 3387: "')",
    4466: "▁print", 9427: "():", 10461: "GL", 15616: "hell", 22011: "▁Chat", 30174: "▁greeting",
    30910: "▁", 30914: "o", 30939: "1", 30941: "-", 30944: "M", 30949: "B", 30951: "R", 30966: "3",
    30978: "6", 30996: "]", 31010: "#", 31123: "，", 31155: "。", 31211: "：", 31404: "！", 31639: "问题",
    31901: "任何", 32616: "欢迎", 33030: "我是", 34797: "人工智能", 35214: "见到", 36474: "▁你",
    39701: "你好", 39905: "问我", 42481: "助手", 48895: "很高兴", 54591: "好", 54622: "你", 54761: "问", 55437: "答",
}  # fmt: skip
_CODEGEEX2 = {
    260: "▁a", 1674: "▁function", 3072: "▁write", 3239: "▁language", 3482: "▁sort", 16719: "▁Python",
    17338: "▁bubble", 30910: "▁", 30954: ":", 31010: "#",
}  # fmt: skip
_CHATGLM_6B = {
    5: "▁", 6: ",", 8: "0", 9: "1", 11: "-", 12: ":", 21: "6", 35: "!", 42: "]", 52: "[", 53: "▁[",
    61: "#", 89: "('", 222: "B", 340: "M", 398: "▁world", 594: "▁main", 1616: "▁def", 2274: "print",
    5388: "GL", 6945: "Round", 7283: "hello", 14132: "▁Chat", 25672: "▁greeting", 63823: "。",
    63852: "你", 64213: "应该", 64286: "问", 65450: "晚上", 65806: "我是", 66430: "欢迎", 66846: "怎么办",
    66877: "见到", 67342: "答", 68241: "人工智能", 68747: "问我", 74874: "你好", 75890: "助手",
    76693: "很高兴", 83400: "睡不着", 102501: "任何问题", 125686: "')", 125936: "():",
}  # fmt: skip
_GLM4 = {
    262: "   ", 286: " " * 7, 333: "if", 341: " {\n", 366: " <", 368: "()", 396: "int", 442: " //",
    445: '("', 492: "('", 532: "}\n", 563: "__", 606: "name", 621: " ==", 671: " #", 863: "')",
    1067: "#include", 1173: " print", 1304: " __", 1339: ">\n\n", 1699: "\\n", 1879: " world",
    1887: " main", 1977: " say", 3817: "main", 3837: "，", 3989: "`\n", 4100: " printf", 5038: '");',
    6313: "！", 9661: "iostream", 11314: "？", 12106: " '__", 12663: "python", 13865: "``",
    14978: "hello", 16165: "__':\n", 19288: "`\n\n", 22879: "++\n", 23745: " hello", 73022: "```",
    98406: "你", 99212: "吗", 99379: "应该", 99444: "你的", 101160: "晚上", 101665: "有什么",
    103298: "怎么办", 103810: "见到", 109377: "你好", 110368: "可以帮助", 118295: "很高兴", 120410: "睡不着",
}  # fmt: skip
_NUM_CHATGLM, _NUM_GLM4, _NUM_ICE_TEXT = 64_789, 151_329, 130_000


def write_golden_files(folder: Path, family: str, charsmap: bytes = b"") -> None:
    """The tokenizer file of a family of `golden_ids.VECTORS`; ChatGLM-6B's needs the NFKC map."""
    if family in ("chatglm2", "chatglm3"):
        (folder / "tokenizer.model").write_bytes(model_file(_merged(_CHATGLM)))
    elif family == "codegeex2":
        (folder / "tokenizer.model").write_bytes(model_file(_merged(_CODEGEEX2), add_dummy_prefix=False))
    elif family == "glm-4":
        lines = (base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(_ranked()))
        (folder / "tokenizer.model").write_bytes(b"".join(lines))
    else:
        front = [*FIRST_PIECES, Piece("<pad>", 0.0, CONTROL), Piece("<n>", 0.0, USER_DEFINED)]
        texts = _filled({}, _CHATGLM_6B, range(len(front), _NUM_ICE_TEXT))
        pieces = [*front, *(Piece(text, -10.0) for text in texts)]
        data = model_file(pieces, model_type=UNIGRAM, byte_fallback=False, charsmap=charsmap)
        (folder / "ice_text.model").write_bytes(data)


def _merged(pinned: Mapping[int, str]) -> list[Piece]:
    """A byte-pair vocabulary: the lower an id, the earlier its merge."""
    first = len(FIRST_PIECES) + len(BYTES)
    steps = _steps(pinned.values())
    characters = {char for text in pinned.values() for char in text} - {*pinned.values()}
    texts = _filled(dict.fromkeys([*steps, *sorted(characters)]), pinned, range(first, _NUM_CHATGLM))
    return [*FIRST_PIECES, *BYTES, *(Piece(text, -float(rank)) for rank, text in enumerate(texts))]


def _steps(texts: Iterable[str]) -> list[str]:
    """The beginnings by which texts are merged; a blank joins the word behind it before it joins other blanks."""
    whole = dict.fromkeys(texts)
    steps = dict.fromkeys(text[:end] for text in whole for end in range(2, len(text)))
    return sorted((step for step in steps if step not in whole), key=lambda step: not step.strip(BLANK))


def _filled(free: Iterable[str], pinned: Mapping[int, str], ids: range) -> list[str]:
    """Texts by id: the pinned ones, those without a place at the first ids that are left, then fillers."""
    rest = iter(free)
    return [
        pinned.get(token_id) or next(rest, chr(0x100000 + token_id % 65536) * (1 + token_id // 65536))
        for token_id in ids
    ]


def _ranked() -> list[bytes]:
    """GLM-4's ranks: bytes in GPT-2's order, then pinned tokens, the steps to them, and fillers no text contains."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    tokens = [bytes([byte]) for byte in (*printable, *(byte for byte in range(256) if byte not in printable))]
    pinned = {rank: text.encode() for rank, text in _GLM4.items()} | {9281: b"\xf0\x9f"}
    known = {*pinned.values(), *tokens}
    steps = dict.fromkeys(
        text[:end]
        for text in pinned.values()
        if text.decode(errors="ignore") >= "\u3000"
        for end in range(2, len(text))
    )
    rest = iter([step for step in steps if step not in known])
    for rank in range(256, _NUM_GLM4):
        tokens.append(pinned.get(rank) or next(rest, b"\xff" + rank.to_bytes(3, "big")))
    return tokens
