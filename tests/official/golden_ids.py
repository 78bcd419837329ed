"""Token ids that official tokenizers gave, read from the tests of chatglm.cpp 0.4.2, which ran them on real files."""

from __future__ import annotations

from typing import NamedTuple


class Special(str):
    """The name of a special token; every other part of a prompt is text, encoded on its own."""

    __slots__ = ()


class Vector(NamedTuple):
    """A prompt in parts, and its ids."""

    family: str
    parts: tuple[str, ...]
    ids: tuple[int, ...]


GREETING = "def main():\n    print('hello world')\t# greeting"
CODEGEEX2 = "# language: Python\n# write a bubble sort function\n"
ROUNDS = (
    "[Round 0]\n问：你好\n答：你好👋！我是人工智能助手 ChatGLM-6B，很高兴见到你，欢迎问我任何问题。\n"
    "[Round 1]\n问：晚上睡不着应该怎么办\n答："
)
ANSWER_3 = "你好👋！我是人工智能助手 ChatGLM3-6B，很高兴见到你，欢迎问我任何问题。"
ANSWER_4 = "你好👋！很高兴见到你，有什么可以帮助你的吗？"
FENCED = """
```c++
#include <iostream>

int main() {
    printf("hello world\\n");    // say hello
}
```

```python
if __name__ == '__main__':
    print('hello world')        # say hello
```
"""

_MASK, _SOP, _START = Special("[gMASK]"), Special("sop"), Special("<sop>")
_USER, _ASSISTANT = Special("<|user|>"), Special("<|assistant|>")

VECTORS = [
    Vector("chatglm2", (_MASK, _SOP, "你好"), (64790, 64792, 36474, 54591)),
    Vector(
        "chatglm2",
        (_MASK, _SOP, GREETING),
        (64790, 64792, 884, 1301, 9427, 13, 296, 4466, 2029, 15616, 30914, 993, 3387, 12, 31010, 30174),
    ),
    Vector(
        "chatglm2",
        (_MASK, _SOP, "[Round 1]\n\n问：你好\n\n答："),
        (
            64790, 64792, 790, 30951, 517, 30910, 30939, 30996, 13, 13, 54761, 31211, 39701, 13, 13,
            55437, 31211,
        ),
    ),
    Vector(
        "codegeex2",
        (_MASK, _SOP, CODEGEEX2),
        (64790, 64792, 31010, 3239, 30954, 16719, 13, 31010, 3072, 260, 17338, 3482, 1674, 13),
    ),
    Vector(
        "chatglm3",
        (_MASK, _SOP, _USER, "\n", "你好", _ASSISTANT),
        (64790, 64792, 64795, 30910, 13, 36474, 54591, 64796),
    ),
    Vector(
        "chatglm3",
        (_ASSISTANT, "\n", ANSWER_3, _USER, "\n"),
        (
            64796, 30910, 13, 36474, 54591, 243, 162, 148, 142, 31404, 33030, 34797, 42481, 22011, 10461,
            30944, 30966, 30941, 30978, 30949, 31123, 48895, 35214, 54622, 31123, 32616, 39905, 31901,
            31639, 31155, 64795, 30910, 13,
        ),
    ),
    Vector("glm-4", (_MASK, _START, "你好"), (151331, 151333, 109377)),
    Vector(
        "glm-4",
        (_MASK, _START, _USER, "\n", "你好", _ASSISTANT),
        (151331, 151333, 151336, 198, 109377, 151337),
    ),
    Vector(
        "glm-4",
        (
            _MASK, _START, _USER, "\n", "你好", _ASSISTANT, "\n", ANSWER_4, _USER, "\n",
            "晚上睡不着应该怎么办", _ASSISTANT,
        ),
        (
            151331, 151333, 151336, 198, 109377, 151337, 198, 109377, 9281, 239, 233, 6313, 118295,
            103810, 98406, 3837, 101665, 110368, 99444, 99212, 11314, 151336, 198, 101160, 120410, 99379,
            103298, 151337,
        ),
    ),
    Vector(
        "glm-4",
        (FENCED,),
        (
            198, 73022, 66, 22879, 1067, 366, 9661, 1339, 396, 1887, 368, 341, 262, 4100, 445, 14978,
            1879, 1699, 5038, 262, 442, 1977, 23745, 198, 532, 13865, 19288, 73022, 12663, 198, 333, 1304,
            606, 563, 621, 12106, 3817, 16165, 262, 1173, 492, 14978, 1879, 863, 286, 671, 1977, 23745,
            198, 13865, 3989,
        ),
    ),
    Vector("chatglm-6b", ("你好", _MASK, _START), (5, 74874, 130001, 130004)),
    Vector(
        "chatglm-6b",
        (GREETING, _MASK, _START),
        (1616, 594, 125936, 4, 130011, 2274, 89, 7283, 398, 125686, 130008, 61, 25672, 130001, 130004),
    ),
    Vector(
        "chatglm-6b",
        (ROUNDS, _MASK, _START),
        (
            53, 6945, 5, 8, 42, 4, 64286, 12, 74874, 4, 67342, 12, 74874, 130328, 130247, 130233, 130227,
            35, 65806, 68241, 75890, 14132, 5388, 340, 11, 21, 222, 6, 76693, 66877, 63852, 6, 66430,
            68747, 102501, 63823, 4, 52, 6945, 5, 9, 42, 4, 64286, 12, 65450, 83400, 64213, 66846, 4,
            67342, 12, 130001, 130004,
        ),
    ),
]  # fmt: skip
