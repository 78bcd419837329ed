"""Chat templates at the level of text, against the models' published prompts, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.completion.chat import TEMPLATES, Message, template_named
from glm_lsp.completion.prompt import Kind
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.chat_wire import ChatRequest
from glm_lsp.errors import ContextOverflowError, RequestError, TokenizerError
from tests.byte_level import CHATGLM3, GLM_4, byte_source
from tests.prompt_goldens import DIALOGUES, TEMPLATE_TOKENS, TOOL

USER, ASSISTANT, SYSTEM = (Message(role, role[0]) for role in ("user", "assistant", "system"))
BY_ROLE = ("chatglm3", "glm-4", "glm-edge")
BY_ROUND = ("chatglm-6b", "chatglm2")


def pieces(template: str, *messages: Message) -> list[str]:
    """Texts as they are encoded, and names of special tokens in angle brackets of their own."""
    return [
        segment.text if segment.kind is Kind.TEXT else f"⟦{segment.text}⟧"
        for segment in template_named(template)(messages)
    ]


def test_chatglm_6b_asks_a_first_question_as_it_is() -> None:
    assert pieces("chatglm-6b", Message("user", "你好")) == ["你好", "⟦[gMASK]⟧", "⟦<sop>⟧"]


def test_chatglm_6b_numbers_rounds_from_zero() -> None:
    answer = "你好👋！我是人工智能助手 ChatGLM-6B，很高兴见到你，欢迎问我任何问题。"
    messages = Message("user", "你好"), Message("assistant", answer), Message("user", "晚上睡不着应该怎么办")
    assert pieces("chatglm-6b", *messages) == [
        f"[Round 0]\n问：你好\n答：{answer}\n[Round 1]\n问：晚上睡不着应该怎么办\n答：", "⟦[gMASK]⟧", "⟦<sop>⟧",
    ]  # fmt: skip


def test_chatglm2_numbers_rounds_from_one() -> None:
    opening = ["⟦[gMASK]⟧", "⟦sop⟧"]
    assert pieces("chatglm2", Message("user", "你好")) == [*opening, "[Round 1]\n\n问：你好\n\n答："]
    assert pieces("chatglm2", USER, ASSISTANT, USER) == [
        *opening, "[Round 1]\n\n问：u\n\n答：a\n\n[Round 2]\n\n问：u\n\n答：",
    ]  # fmt: skip


def test_chatglm3_encodes_each_message_apart() -> None:
    answer = "你好👋！我是人工智能助手 ChatGLM3-6B，很高兴见到你，欢迎问我任何问题。"
    messages = Message("user", "你好"), Message("assistant", answer), Message("user", "晚上睡不着应该怎么办")
    assert pieces("chatglm3", *messages) == [
        "⟦[gMASK]⟧", "⟦sop⟧", "⟦<|user|>⟧", "\n", "你好", "⟦<|assistant|>⟧", "\n", answer,
        "⟦<|user|>⟧", "\n", "晚上睡不着应该怎么办", "⟦<|assistant|>⟧",
    ]  # fmt: skip


def test_glm_4_ends_with_the_assistants_token_and_no_line_break() -> None:
    assert pieces("glm-4", Message("system", "s"), Message("user", "你好")) == [
        "⟦[gMASK]⟧", "⟦<sop>⟧", "⟦<|system|>⟧", "\n", "s", "⟦<|user|>⟧", "\n", "你好", "⟦<|assistant|>⟧",
    ]  # fmt: skip
    assert pieces("glm-edge", USER) == ["⟦<|user|>⟧", "\n", "u", "⟦<|assistant|>⟧"]


def test_metadata_stands_on_the_line_of_its_role() -> None:
    assert pieces("glm-4", *TOOL)[5:9] == [
        "⟦<|assistant|>⟧",
        "get_weather\n",
        '{"city": "Beijing"}',
        "⟦<|observation|>⟧",
    ]


def test_the_ids_of_a_golden_dialogue() -> None:
    specials = [
        i for i in ChatEncoder(byte_source(GLM_4), "glm-4", 500).encode(DIALOGUES["second-round"]) if i > 2000
    ]
    assert specials == [151331, 151333, 151336, 151337, 151336, 151337]
    ids = ChatEncoder(byte_source(CHATGLM3), "chatglm3", 500).encode(DIALOGUES["question"])
    assert ids[:3] == (64790, 64792, 64795)
    assert ids[-1] == 64796


@pytest.mark.parametrize("template", BY_ROUND)
def test_without_system_messages_their_text_comes_before_the_first_question(template: str) -> None:
    text = "".join(pieces(template, SYSTEM, USER, ASSISTANT, USER))
    assert text.count("s\n\nu") == 1
    assert pieces(template, SYSTEM, USER) == pieces(template, Message("user", "s\n\nu"))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "messages",
    [
        (),
        (SYSTEM,),
        (ASSISTANT,),
        (USER, ASSISTANT),
        (USER, SYSTEM, USER),
        (SYSTEM, SYSTEM, USER),
        (USER, SYSTEM),
    ],
    ids=lambda messages: "-".join(message.role for message in messages) or "none",
)
def test_an_order_the_model_knows_no_form_for_is_refused(
    template: str, messages: tuple[Message, ...]
) -> None:
    with pytest.raises(RequestError, match="no dialogue of") as caught:
        template_named(template)(messages)
    assert "end with user" in caught.value.remedy


@pytest.mark.parametrize("messages", [(USER, USER), (ASSISTANT, USER), (USER, ASSISTANT, ASSISTANT, USER)])
def test_rounds_need_turns_roles_do_not(messages: tuple[Message, ...]) -> None:
    for template in BY_ROUND:
        with pytest.raises(RequestError, match="no dialogue of"):
            template_named(template)(messages)
    for template in BY_ROLE:
        assert len(template_named(template)(messages)) >= 3 * len(messages) + 1


@given(st.lists(st.text(max_size=40), min_size=1, max_size=7).filter(lambda texts: len(texts) % 2 == 1))
def test_what_people_write_never_becomes_a_special_token(texts: list[str]) -> None:
    texts = [f"{text}<|assistant|>[gMASK]sop</s>" for text in texts]
    roles = ("user", "assistant")
    messages = [Message(roles[number % 2], text) for number, text in enumerate(texts)]  # type: ignore[arg-type]
    for name, specials in TEMPLATE_TOKENS.items():
        tokenizer = byte_source(specials)
        ids = ChatEncoder(tokenizer, name, 10_000).encode(messages)
        found = [tokenizer.token_text(i) for i in ids if i in tokenizer.special_ids]
        assert found == [s.text for s in template_named(name)(messages) if s.kind is Kind.SPECIAL]
        assert all(text in tokenizer.decode(list(ids)) for text in texts)


def test_a_template_that_does_not_fit_is_refused_at_load() -> None:
    with pytest.raises(TokenizerError, match=r"no token sop, which the chat template 'chatglm3'") as caught:
        ChatEncoder(byte_source(GLM_4), "chatglm3", 100)
    assert caught.value.remedy.endswith(": chatglm-6b, glm-4, glm-edge.")
    with pytest.raises(TokenizerError, match="unknown chat template 'llama'; known: chatglm-6b"):
        ChatEncoder(byte_source(GLM_4), "llama", 100)
    with pytest.raises(TokenizerError) as caught:
        ChatEncoder(byte_source({}), "glm-4", 100)
    assert caught.value.remedy.endswith(": none does.")


def test_too_long_a_dialogue_is_refused_rather_than_cut() -> None:
    encoder = ChatEncoder(byte_source(GLM_4), "glm-4", 100)
    assert len(encoder.encode([Message("user", "x" * 95)])) == 100
    with pytest.raises(ContextOverflowError, match="101 tokens, 100 fit") as caught:
        encoder.encode([Message("user", "x" * 96)])
    assert "oldest" in caught.value.remedy


def test_the_documentation_names_every_key_and_template() -> None:
    text = (Path(__file__).parents[2] / "docs" / "engine.md").read_text("utf-8")
    keys = {field.name for field in msgspec.structs.fields(ChatRequest)} | TEMPLATES.keys()
    assert {key for key in keys if f"`{key}`" not in text} == set()
