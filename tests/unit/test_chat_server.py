"""`/v1/chat/completions` as OpenAI's own client sees it: a real engine with a tiny random model, over TCP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from glm_lsp.completion.chat import Message
from glm_lsp.engine.address import LocalAddress, TcpAddress
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.http.chat_answer import ChatStream, chat_completion
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    CompletionRequest,
    Logprobs,
    PromptTokensDetails,
    Usage,
)
from glm_lsp.errors import EngineError, TokenizerError
from glm_lsp.models.store import ModelFolder
from tests.chat_model import chat_model
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_server import serve, talk, wait_until
from tests.prompt_goldens import TEMPLATE_TOKENS

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return chat_model(tmp_path_factory.mktemp("chat"), seed=3)


@pytest.fixture(scope="module")
def engine(folder: ModelFolder) -> Engine:
    return Engine.load(folder, threads=1)


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[LocalAddress]:
    with serve(engine, TcpAddress("127.0.0.1", 0)) as served:
        yield served


@pytest.fixture
def client(address: TcpAddress) -> Iterator[openai.OpenAI]:
    base = f"http://127.0.0.1:{address.port}/v1"
    with openai.OpenAI(base_url=base, api_key="none", max_retries=0, timeout=30) as one:
        yield one


def direct(engine: Engine, folder: ModelFolder, messages: list[Message], **options: Any) -> tuple[str, str]:
    """Text and reason of an answer, without HTTP and chat on the way."""
    encoder = ChatEncoder(SourceTokenizer.open(folder.tokenizer_path), "glm-4", 224)
    chunks = list(engine.complete(CompletionRequest(prompt=encoder.encode(messages), **options)))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    return "".join(choice.text for choice in choices), choices[-1].finish_reason or ""


def test_an_answer_is_what_the_model_says_to_the_dialogue(
    client: openai.OpenAI, engine: Engine, folder: ModelFolder
) -> None:
    answer = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=12)
    text, reason = direct(engine, folder, [Message("user", "Hello")], max_tokens=12)
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "chat"
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.message.content == text.lstrip()
    assert choice.finish_reason == reason == "length"
    assert answer.usage is not None
    # [gMASK] <sop> <|user|>, a line break, five letters, <|assistant|>
    assert answer.usage.prompt_tokens == 10
    assert answer.usage.completion_tokens == 12
    assert answer.usage.total_tokens == 22


def test_a_stream_is_the_role_then_the_same_text_then_the_reason(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=30)
    chunks = list(client.chat.completions.create(model="chat", messages=HELLO, max_tokens=30, stream=True))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert deltas[0].role == "assistant"
    assert [delta.role for delta in deltas[1:]] == [None] * (len(deltas) - 1)
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["length"]
    assert deltas[-1].content is None
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_comes_last_when_asked_for(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="chat", messages=HELLO, max_tokens=5, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (10, 5)
    assert all(chunk.usage is None and len(chunk.choices) == 1 for chunk in chunks)


def test_a_dialogue_that_goes_on_finds_its_beginning_in_the_cache(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=8)
    said = first.choices[0].message.content
    more: list[Any] = [*HELLO, {"role": "assistant", "content": said}, {"role": "user", "content": "And?"}]
    second = client.chat.completions.create(model="chat", messages=more, max_tokens=1)
    assert second.usage is not None
    assert second.usage.prompt_tokens_details is not None
    assert (second.usage.prompt_tokens_details.cached_tokens or 0) >= 10


def test_roles_and_kinds_of_content(client: openai.OpenAI, engine: Engine, folder: ModelFolder) -> None:
    messages: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": " two"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "22", "tool_call_id": "x"},
    ]
    answer = client.chat.completions.create(
        model="chat", messages=messages, max_completion_tokens=9, user="me"
    )
    dialogue = [
        Message("system", "Be brief."), Message("user", "One two"), Message("assistant", ""),
        Message("observation", "22"),
    ]  # fmt: skip
    assert answer.choices[0].message.content == direct(engine, folder, dialogue, max_tokens=9)[0].lstrip()


def test_sampling_several_choices_and_stops(client: openai.OpenAI) -> None:
    def ask(**options: Any) -> list[str]:
        answer = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=20, **options)
        assert [choice.index for choice in answer.choices] == list(range(options.get("n", 1)))
        return [choice.message.content or "" for choice in answer.choices]

    greedy = ask()
    assert ask(temperature=0) == greedy
    sampled = ask(n=3, temperature=2.0, seed=5, top_p=0.9)
    assert sampled == ask(n=3, temperature=2.0, seed=5, top_p=0.9)
    assert sampled[0] == greedy[0]
    assert len(set(sampled)) == 3
    word = greedy[0][3:5]
    assert ask(stop=[word]) == [greedy[0].partition(word)[0]]


def test_streamed_choices_each_begin_with_their_role(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=4, n=2, stream=True)
    pieces = [choice for chunk in stream for choice in chunk.choices]
    for index in (0, 1):
        mine = [piece for piece in pieces if piece.index == index]
        assert mine[0].delta.role == "assistant"
        assert mine[-1].finish_reason == "length"
        assert "".join(piece.delta.content or "" for piece in mine)


def test_logprobs(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="chat", messages=HELLO, max_tokens=6, logprobs=True, top_logprobs=3
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert len(logprobs.content) == 6
    for token in logprobs.content:
        assert token.logprob <= 0
        # Half characters look alike, and are told as one.
        assert 1 <= len(token.top_logprobs) <= 3
        assert (token.bytes is None) == ("\ufffd" in token.token)
        if token.bytes is not None:
            assert token.top_logprobs[0].logprob == token.logprob
            assert bytes(token.bytes).decode() == token.token
    assert any(token.bytes for token in logprobs.content)
    streamed = client.chat.completions.create(
        model="chat", messages=HELLO, max_tokens=6, logprobs=True, stream=True
    )
    told = [c.logprobs.content or [] for chunk in streamed for c in chunk.choices if c.logprobs]
    assert [token.token for part in told for token in part] == [token.token for token in logprobs.content]
    plain = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=6, top_logprobs=3)
    assert plain.choices[0].logprobs is None


def test_a_role_token_ends_the_answer(tmp_path: Any) -> None:
    # One of the first few seeds makes a model that soon writes a special token.
    for seed in range(12):
        folder = chat_model(tmp_path / str(seed), seed=seed)
        with Engine.load(folder, threads=1) as engine:
            ids = engine.encode_chat([Message("user", "Hi")])
            chunks = list(
                engine.complete(CompletionRequest(prompt=ids, max_tokens=200, temperature=3.0, seed=1))
            )
        choices = [choice for chunk in chunks for choice in chunk.choices]
        text = "".join(choice.text for choice in choices)
        assert "<|" not in text
        if choices[-1].finish_reason == "stop":
            return
    pytest.fail("no model wrote a special token")


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"messages": []}, "GLM-405", "no dialogue of no messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "GLM-405", "no dialogue of assistant"),
        ({"messages": [{"role": "pirate", "content": "x"}]}, "GLM-405", "$.messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "GLM-405", "$.messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "GLM-405",
            "'image_url'",
        ),
        ({"temperature": 9}, "GLM-405", "$.temperature"),
        ({"n": 0}, "GLM-405", "$.n"),
        ({"max_tokens": 0}, "GLM-405", "$.max_tokens"),
        ({"top_logprobs": 9}, "GLM-405", "$.top_logprobs"),
        ({"messages": [{"role": "user", "content": "x" * 300}]}, "GLM-305", "305 tokens, 224 fit"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_a_400_that_says_why(
    client: openai.OpenAI, options: dict[str, Any], code: str, words: str, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**({"model": "chat", "messages": HELLO, "stream": stream} | options))
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.body["remedy"]  # type: ignore[index]


def test_another_models_name_is_a_404(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4", messages=HELLO)
    assert caught.value.code == "GLM-404"


def test_answers_may_be_long_but_not_endless(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="chat", messages=HELLO, max_tokens=1_000_000)
    assert answer.usage is not None
    assert answer.usage.total_tokens <= 256
    assert answer.choices[0].finish_reason in ("length", "stop")
    unlimited = client.chat.completions.create(model="chat", messages=HELLO)
    assert unlimited.choices[0].message.content == answer.choices[0].message.content


def test_a_client_that_goes_away_cancels(tmp_path: Any) -> None:
    # Long enough for seconds of writing, of which one chunk is read.
    folder = chat_model(tmp_path, seed=3, capacity=4096)
    with (
        Engine.load(folder, threads=1) as engine,
        serve(engine, TcpAddress("127.0.0.1", 0)) as served,
        openai.OpenAI(base_url=f"http://127.0.0.1:{served.port}/v1", api_key="none") as client,  # type: ignore[union-attr]
    ):
        stream = client.chat.completions.create(model="chat", messages=HELLO, stream=True, n=8)
        next(iter(stream))
        stream.close()
        wait_until(lambda: engine.counters().get("finish_cancelled", 0) == 1)
        assert engine.counters()["completion_tokens"] < 8 * 4000
        assert client.chat.completions.create(model="chat", messages=HELLO, max_tokens=1).choices


def test_the_model_list_says_that_it_can_chat(address: TcpAddress) -> None:
    answer = talk(address, b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["data"][0]["glm"]["chat"] is True


def test_a_model_without_a_template_says_so(tmp_path: Any) -> None:
    with (
        Engine.load(chat_model(tmp_path, ""), threads=1) as engine,
        serve(engine, TcpAddress("127.0.0.1", 0)) as served,
        openai.OpenAI(base_url=f"http://127.0.0.1:{served.port}/v1", api_key="none", max_retries=0) as client,  # type: ignore[union-attr]
    ):
        with pytest.raises(openai.BadRequestError, match="has no chat template") as caught:
            client.chat.completions.create(model="chat", messages=HELLO)
        assert caught.value.code == "GLM-405"
        assert "chatglm-6b, chatglm2, chatglm3, glm-4" in caught.value.body["remedy"]  # type: ignore[index]
        assert engine.describe().chat is False


def test_a_template_that_does_not_fit_its_tokenizer_is_refused_at_load(tmp_path: Any) -> None:
    with pytest.raises(TokenizerError, match="no token sop"):
        Engine.load(chat_model(tmp_path, "chatglm3"), threads=1)


@pytest.mark.parametrize("template", TEMPLATE_TOKENS)
def test_every_template_is_answered(tmp_path: Any, template: str) -> None:
    folder = chat_model(tmp_path, template, tuple(TEMPLATE_TOKENS[template]))
    messages: list[Any] = [
        {"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"},
        {"role": "user", "content": "v"},
    ]  # fmt: skip
    with (
        Engine.load(folder, threads=1) as engine,
        serve(engine, TcpAddress("127.0.0.1", 0)) as served,
        openai.OpenAI(base_url=f"http://127.0.0.1:{served.port}/v1", api_key="none") as client,  # type: ignore[union-attr]
    ):
        chunks = client.chat.completions.create(model="chat", messages=messages, max_tokens=8, stream=True)
        assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] in (
            "length",
            "stop",
        )


def test_dialogues_are_tokenized_beside_the_engine(engine: Engine, folder: ModelFolder) -> None:
    dialogue = [Message("user", "x = 1\n" * 20)]
    expected = engine.encode_chat(dialogue)
    request = CompletionRequest(prompt="y = 2\n" * 30, max_tokens=4)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(engine.encode_chat, dialogue) for _ in range(400)]
        for _ in range(10):
            assert list(engine.complete(request))
        assert {job.result() for job in jobs} == {expected}


class BrokenEngine(FakeEngine):
    """Cannot read dialogues, for a reason that quotes one."""

    def encode_chat(self, messages: Any) -> tuple[int, ...]:
        raise ValueError(f"cannot read {messages[0].content}")


def test_a_defect_is_a_500_that_quotes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with serve(BrokenEngine(), TcpAddress("127.0.0.1", 0)) as served:
        base = f"http://127.0.0.1:{served.port}/v1"  # type: ignore[union-attr]
        with openai.OpenAI(base_url=base, api_key="none", max_retries=0) as client:
            with pytest.raises(openai.InternalServerError, match="ValueError") as caught:
                client.chat.completions.create(
                    model="fake", messages=[{"role": "user", "content": "my secret"}]
                )
            assert "secret" not in caught.value.response.text
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


# The translation by itself: what a random model seldom does


def chunk(text: str = "", **fields: Any) -> CompletionChunk:
    choice = Choice(index=0, text=text, **fields)
    return CompletionChunk(id="cmpl-7", created=5, model="m", choices=[choice])


def report() -> CompletionChunk:
    usage = Usage(
        prompt_tokens=1, completion_tokens=2, total_tokens=3, prompt_tokens_details=PromptTokensDetails(0)
    )
    return CompletionChunk(id="cmpl-7", created=5, model="m", choices=[], usage=usage)


def told(stream: ChatStream, *events: Any) -> list[Any]:
    text = b"".join(map(stream.encode, events)).decode()
    return [json.loads(line.removeprefix("data: ")) for line in text.split("\n\n") if line]


def test_a_text_is_told_as_it_comes() -> None:
    events = [chunk("Hi"), chunk(" you\n"), chunk(finish_reason="stop"), report()]
    chunks = told(ChatStream(includes_usage=False), *events)
    contents = [c["choices"][0]["delta"].get("content") for c in chunks]
    assert contents == ["", "Hi", " you\n", None]
    assert chat_completion(events).choices[0].message.content == "Hi you\n"


def test_what_was_broken_off_is_incomplete() -> None:
    (_, last) = told(ChatStream(includes_usage=False), chunk(finish_reason="cancelled"))
    assert last["choices"][0]["finish_reason"] == "length"
    assert last["choices"][0]["delta"] == {}


def test_tokens_of_a_stream_are_told_even_without_text() -> None:
    logprobs = Logprobs(["\n"], [-0.5])
    (_, piece) = told(ChatStream(includes_usage=False), chunk("", logprobs=logprobs))
    assert piece["choices"][0]["delta"] == {"content": ""}
    assert piece["choices"][0]["logprobs"]["content"] == [
        {"token": "\n", "logprob": -0.5, "bytes": [10], "top_logprobs": []}
    ]


def test_an_error_ends_a_stream_in_the_usual_shape() -> None:
    (event,) = told(ChatStream(includes_usage=True), EngineError("it broke"))
    assert event["error"]["code"] == "GLM-400"
