"""Texts on which tokenizers are compared: code, scripts of the world, control characters, blanks of every length."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

_PROGRAM = Path(__file__).parents[1] / "glm_lsp"

_PLAIN = [
    "def main():\n    print('hello world')\t# greeting",
    "# language: Python\n# write a bubble sort function\n",
    "if (a[i] >= 0x1F && b->next != nullptr) { return std::move(x); }",
    "let x: Vec<Option<&'a str>> = vec![None; 10_000];",
    'SELECT * FROM "t" WHERE id IN (1, 22, 333, 4444, 55555);',
    "I'm sure you'll say it's HE'S they'RE we've I'd DON'T 'tis",
    "x=1;y=22;z=333;w=4444 3.14159 1e-10 0b1010 ½ ² ① Ⅷ ٣ ５",
]

_ODD = [
    "", " ", "  ", "\n", "\n\n", "\n\n\n  x", "\t", "\t\t\tx", " \t \t", "\r", "\r\n", "a\r\nb\r\n\r\nc", "\0",
    "a\0b\0\0", "\x01\x02\x7f\x80\x9f", "\x0b\x0c\x1c\x1d\x85", "\u00a0x\u00a0", "\u2028\u2029", "\u3000全角",
    "\u200b\u200d\ufeff", "\u0301", "\u0301x", "e\u0301", "\u0e33\u0e49", "\ufffd", "\ufffd\ufffd end",
    "\ue000\uf8ff", "\U0010ffff", "\U0001f44b", "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea",
    "👋！我是", "ﬁﬂ", "Å", "ſ 'ſ", "İstanbul", "ǅ", "ß", "ΣΑΣ", "你好", "晚上睡不着应该怎么办",
    "你好👋！很高兴见到你，有什么可以帮助你的吗？", "[Round 1]\n\n问：你好\n\n答：",
    "变量 = 函数(参数)  # 注释\n\tif 条件:\n", "日本語とカタカナ", "한국어 각", "ภาษาไทย", "हिन्दी", "עברית",
    "العربية", "Ελληνικά", "Русский текст", "naïve café", "▁", "a▁b ▁ c", "▁▁▁", "<0x0A>", "<0x41>x", "Ġ",
    "Ċ", "!!!???...", "----------------", "________", "=" * 64, "a" * 300, "\\n\\t\\0", "`'\"`", "{}[]()<>",
    "x" + " " * 200 + "y", " lead", "trail ", " both ",
]  # fmt: skip


@cache
def texts() -> tuple[str, ...]:
    """At least 415 texts, the same in every run on one state of the sources."""
    rng = random.Random(20)
    code = code_sample(100_000)
    windows = []
    for _ in range(150):
        start = rng.randrange(len(code) - 500)
        windows.append(code[start : start + rng.randrange(1, 500)])
    blanks = [f"x{' ' * count}y" for count in range(1, 101)]
    blanks += [
        "\n".join(" " * (count % 13) + "z" for count in range(start, start + 9)) for start in range(40)
    ]
    mixed = ["-".join(rng.choices([*_ODD, "return", "x", "(", "  "], k=5)) for _ in range(60)]
    return (*_PLAIN, *_ODD, *windows, *blanks, *mixed, code[:3000], code[7000:10000])


@cache
def code_sample(length: int) -> str:
    """That many characters of this program's own source code."""
    paths = [
        path
        for room in ("references", "lsp/wire", "syntax")
        for path in sorted((_PROGRAM / room).glob("*.py"))
    ]
    return "\n".join(path.read_text("utf-8") for path in paths)[:length]


def prompt_injections() -> tuple[str, ...]:
    """Names of special tokens as user text may hold them."""
    names = (
        "sop", "eop", "<sop>", "<eop>", "[gMASK]", "[MASK]", "[sMASK]", "<|user|>", "<|assistant|>", "<|system|>",
        "<|observation|>", "<|endoftext|>", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", "<s>", "</s>",
        "<unk>", "<pad>", "<|startofpiece|>", "<|endofpiece|>", "[CLS]", "[SEP]", "[UNK]", "<ENC>", "<dBLOCK>",
        "<unused_0>", "<image_0>", "<|begin_of_image|>",
    )  # fmt: skip
    return tuple(
        f"{before}{name}{after}"
        for name in names
        for before, after in (("", ""), ("x = '", "'\n"), (" ", " "))
    )
