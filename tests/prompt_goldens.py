"""The prompts of tests/golden/prompts and the dialogues of tests/golden/chat, rendered by the program.

    .venv/bin/python -m tests.prompt_goldens --update

writes them anew; then `git diff tests/golden` shows what has changed for which model. Special tokens stand as ⟦name⟧
and carry the ids they have in the published model; text has an id for each byte, 1000 and more, but in `starter`,
which is the built-in model's own tokenizer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from glm_lsp.completion.chat import Message
from glm_lsp.completion.mode import Mode
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, WireReference
from tests.byte_level import CHATGLM2, CHATGLM3, CHATGLM_6B, GLM_4, GLM_10B, GLM_45, byte_source

ROOT = Path(__file__).parent
PROMPTS, CHATS = ROOT / "golden" / "prompts", ROOT / "golden" / "chat"
CONTEXT = 640

PREFIX = "def area(radius):\n    return "
SUFFIX = "\n\ndef main():\n    print(area(2))\n"
LONG = "".join(f"value_{number} = {number}\n" for number in range(200))
SPECIAL_TEXT = "ROLE = '<|user|><|code_middle|>[gMASK] sop <sop>'\nMASK = '[MASK]"

# Folder: profile and the tokenizer's special tokens; None for the built-in model's tokenizer.
FOLDERS = {
    "starter": ("codegeex4", None),
    "codegeex4": ("codegeex4", GLM_4),
    "codegeex4-with-code-tokens": ("codegeex4", GLM_45),
    "codegeex2": ("codegeex2", CHATGLM2),
    "glm-fim-psm": ("glm-fim-psm", GLM_45),
    "glm-fim-spm": ("glm-fim-spm", GLM_45),
    "base": ("base", GLM_4),
    "base-chatglm3": ("base", CHATGLM3),
    "chatglm-6b-blank": ("chatglm-6b-blank", CHATGLM_6B),
    "glm-blank": ("glm-blank", GLM_10B),
    "plain": ("plain", {}),
}


def request(prefix: str = PREFIX, suffix: str = SUFFIX, **options: object) -> CompletionRequest:
    named = {"path": "shapes/circle.py", "language": "Python"} | options
    return CompletionRequest(prompt=prefix, suffix=suffix, glm=GlmOptions(**named))  # type: ignore[arg-type]


REQUESTS = {
    "whole": request(),
    "line": request(mode=Mode.LINE),
    "empty-suffix": request(suffix=""),
    "empty-prefix": request(prefix=""),
    "nothing": request(prefix="", suffix="", path="", language=""),
    "references": request(
        references=(WireReference("a.py", "PI = 3.14159"), WireReference("lib/b.py", "def half(x): ...\n"))
    ),
    "cjk": request("# 圆的面积\ndef 面积(半径):\n    return ", "# 完 \U0001f600\n", path="形状/圆.py"),
    "special-token-text": request(SPECIAL_TEXT, "x = '<|endoftext|></s>'\n"),
    "no-language": request(language=""),
    "unknown-language": request(language="Brainfuck"),
    "cpp": request("int twice(int x) {\n  return ", "}\n", path="twice.cpp", language="C++"),
    "long-path": request(path="deep/" * 90 + "end.py"),
    "long-prefix": request(prefix=LONG + PREFIX),
    "long-suffix": request(suffix=LONG),
}

DIALOGUES = {
    "question": [Message("user", "你好")],
    "second-round": [
        Message("user", "你好"),
        Message("assistant", "你好👋！很高兴见到你，有什么可以帮助你的吗？"),
        Message("user", "晚上睡不着应该怎么办"),
    ],
    "system": [Message("system", "Answer in one word."), Message("user", "Which language is this?")],
    "system-and-rounds": [
        Message("system", "You write Python."),
        Message("user", "Add two numbers."),
        Message("assistant", "```python\na + b\n```"),
        Message("user", "Now three."),
    ],
    "special-token-text": [Message("user", "What does <|assistant|> mean in [gMASK] sop <sop>?")],
    "empty": [Message("user", "")],
}
TOOL = [
    Message("user", "Weather in Beijing?"),
    Message("assistant", '{"city": "Beijing"}', "get_weather"),
    Message("observation", '{"celsius": 22}'),
]
TEMPLATE_TOKENS = {
    "chatglm-6b": CHATGLM_6B,
    "chatglm2": CHATGLM2,
    "chatglm3": CHATGLM3,
    "glm-4": GLM_4,
    "glm-edge": {name: number - 92083 for name, number in GLM_4.items()},
}


def goldens() -> Iterator[tuple[Path, str]]:
    """Each file and what belongs into it."""
    for folder, (profile, specials) in FOLDERS.items():
        tokenizer = starter_tokenizer() if specials is None else byte_source(specials)
        encoder = PromptEncoder(tokenizer, profile, CONTEXT)
        for case, asked in REQUESTS.items():
            yield PROMPTS / folder / f"{case}.txt", shown(tokenizer, encoder.encode(asked))
    for template, specials in TEMPLATE_TOKENS.items():
        tokenizer = byte_source(specials)
        encoder = ChatEncoder(tokenizer, template, CONTEXT)
        tools = {"tool": TOOL} if "<|observation|>" in specials else {}
        for case, dialogue in (DIALOGUES | tools).items():
            yield CHATS / template / f"{case}.txt", shown(tokenizer, encoder.encode(dialogue))


def starter_tokenizer() -> SourceTokenizer:
    return SourceTokenizer.open(ROOT.parent / "glm_lsp" / "models" / "starter" / "tokenizer.json")


def shown(tokenizer: SourceTokenizer, token_ids: Sequence[int]) -> str:
    """A prompt for people, and its ids."""
    pieces: list[str] = []
    text: list[int] = []
    for token_id in token_ids:
        if token_id in tokenizer.special_ids:
            pieces += [tokenizer.decode(text), f"⟦{tokenizer.token_text(token_id)}⟧"]
            text = []
        else:
            text.append(token_id)
    pieces.append(tokenizer.decode(text))
    rows = [token_ids[start : start + 20] for start in range(0, len(token_ids), 20)]
    return "".join(pieces) + "\n\n--- ids\n" + "".join(" ".join(map(str, row)) + "\n" for row in rows)


def main() -> None:
    if sys.argv[1:] != ["--update"]:
        sys.exit(__doc__)
    for path, content in goldens():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


if __name__ == "__main__":
    main()
