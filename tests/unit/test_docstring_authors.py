"""Who writes the sentences: what each author asks a model, and what comes of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import PROFILES
from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.authors.certainty import ends_torn, is_misplaced, is_sure
from glm_lsp.docstring.authors.chat_author import ChatAuthor
from glm_lsp.docstring.authors.choice import author_for
from glm_lsp.docstring.authors.infill_author import InfillAuthor
from glm_lsp.docstring.authors.reply import sentence_of
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.engine.address import LocalAddress, TcpAddress
from glm_lsp.engine.chat_wire import ChatRequest, WireMessage
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.inprocess import InProcessClient
from glm_lsp.engine.wire import CompletionChunk
from glm_lsp.errors import EngineLostError, RequestError
from tests.chat_model import chat_model
from tests.fakes.fake_core import fake_core
from tests.fakes.fake_server import serve
from tests.fakes.scripted_client import Script, ScriptedClient

CODE = "def load_rows(path, limit=10):\n    return read_csv(path)[:limit]\n"
OURS = EngineDescription(model="ours", profile="codegeex4", context_length=1024)


def gap(kind: SlotKind = SlotKind.SUMMARY, name: str = "") -> Gap:
    entity = Entity(
        kind=EntityKind.FUNCTION,
        name="load_rows",
        start=0,
        end=len(CODE),
        header_end=31,
        parameters=(Parameter(name="path"), Parameter(name="limit", default="10")),
    )
    return Gap(
        slot=Slot(kind=kind, name=name),
        before='import csv\n\n\ndef load_rows(path, limit=10):\n    """',
        after="    return read_csv(path)[:limit]\n",
        code=CODE,
        entity=entity,
        path="tables/rows.py",
        language_id="python",
    )


@dataclass
class Talker(ScriptedClient):
    """A scripted client whose answers are those to dialogues."""

    asked: list[ChatRequest] = field(default_factory=list)

    def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        self.asked.append(request)
        return self.complete(request.completion((1,)))


# Asking to complete


async def test_a_sentence_is_asked_for_as_a_completion_of_the_document() -> None:
    client = ScriptedClient.saying("Load the first rows.\n    ")
    assert await InfillAuthor(client, OURS).write(gap()) is None  # one character is half as likely as sure
    (request,) = client.requests
    assert request.prompt.endswith('def load_rows(path, limit=10):\n    """')
    assert request.suffix == "    return read_csv(path)[:limit]\n"
    assert request.temperature == 0
    assert request.logprobs == 0
    assert (request.glm.path, request.glm.language, request.glm.mode) == (
        "tables/rows.py",
        "Python",
        Mode.BLOCK,
    )


@pytest.mark.parametrize(
    ("text", "kind", "name", "said"),
    [
        ("Load the first rows.\n\n    Args:", SlotKind.SUMMARY, "", "Load the first rows."),
        ("Load the first\n    rows.\n    ", SlotKind.SUMMARY, "", "Load the first rows."),
        ("where the rows are\n        limit: how many", SlotKind.PARAMETER, "path", "Where the rows are."),
        ("TODO", SlotKind.SUMMARY, "", None),
        ("", SlotKind.SUMMARY, "", None),
    ],
)
async def test_of_an_answer_the_sentence_is_taken(
    text: str, kind: SlotKind, name: str, said: str | None
) -> None:
    client = ScriptedClient([Script([list(text)], probability=0.9)])
    assert await InfillAuthor(client, OURS).write(gap(kind, name)) == said


async def test_reading_ends_with_the_sentence_and_with_it_the_work() -> None:
    client = ScriptedClient(
        [Script([list("Load the first rows. Then load all the others, too.")], probability=0.9)]
    )
    assert await InfillAuthor(client, OURS).write(gap()) == "Load the first rows."
    assert (client.open_streams, client.num_cancelled) == (0, 1)
    assert client.num_pieces < 25


@pytest.mark.parametrize(("probability", "is_taken"), [(0.9, True), (0.3, False), (None, True)])
async def test_only_what_is_likely_is_vouched_for(probability: float | None, is_taken: bool) -> None:
    client = ScriptedClient([Script([list("Load the first rows.")], probability=probability)])
    assert (await InfillAuthor(client, OURS).write(gap()) is not None) is is_taken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Load the first rows of the", None),
        ("Load the first rows.\n    And then some m", "Load the first rows."),
        ("Load the first rows\n    Args:\n        pa", "Load the first rows."),
    ],
)
async def test_a_torn_sentence_is_none(text: str, said: str | None) -> None:
    client = ScriptedClient([Script([list(text)], probability=0.9, finish_reason="length")])
    assert await InfillAuthor(client, OURS).write(gap()) == said


async def test_what_is_read_elsewhere_counts_only_if_it_is_about_the_same() -> None:
    client = ScriptedClient([Script([list("Read the lines of a table.")], probability=0.99)])
    known = replace(gap(), before=f'def lines():\n    """Read the lines of a table."""\n\n\n{gap().before}')
    assert await InfillAuthor(client, OURS).write(known) is None
    assert await InfillAuthor(client, OURS).write(gap()) == "Read the lines of a table."


def test_what_is_said_of_a_parameter_may_be_said_again() -> None:
    other = 'def save(path):\n    """Saves rows\n    to a file.\n\n    Args:\n        path: Where the rows are."""\n'
    around = replace(gap(), before=other + gap().before)
    assert is_misplaced("Saves rows to a file.", around)
    assert not is_misplaced("Loads rows of a file.", around)
    path = replace(around, slot=Slot(kind=SlotKind.PARAMETER, name="path"))
    assert not is_misplaced("Where the rows are.", path)
    assert is_misplaced(
        "Where the rows are.", replace(around, slot=Slot(kind=SlotKind.PARAMETER, name="limit"))
    )


@pytest.mark.parametrize(
    ("sentence", "is_copied"),
    [
        ("Opens a pool of connections to one host.", True),
        ("Opens a pool of connections to the server.", True),
        ("Makes sure that a pool of connections to one host is open.", True),
        ("Opens a pool of workers.", False),
    ],
)
def test_a_good_part_of_another_sentence_is_misplaced_too(sentence: str, is_copied: bool) -> None:
    other = 'def connect(host):\n    """Opens a pool of connections to one host."""\n'
    assert is_misplaced(sentence, replace(gap(), before=other + gap().before)) is is_copied


@pytest.mark.parametrize(
    ("sentence", "torn"),
    [
        ("Load the first rows.", False),
        ("Load the first of all frobs.", True),
        ("Load the first of all csv.", False),
        ("Use global variables to uni.", True),
        ("Load rows without limitation.", False),
        ("Load rows if possible.", False),
        ("Load rows, then stop.", False),
        ("A collection of `rows` orgau.", True),
    ],
)
def test_a_sentence_ends_with_a_word_that_is_one(sentence: str, torn: bool) -> None:
    assert ends_torn(sentence, sentence.rstrip("."), gap()) is torn


async def test_a_sentence_that_ends_torn_is_not_vouched_for() -> None:
    client = ScriptedClient([Script([list("Load rows to uni\n")], probability=0.99)])
    assert await InfillAuthor(client, OURS).write(gap()) is None
    client = ScriptedClient([Script([list("Load rows into a tarpaulin.\n")], probability=0.99)])
    assert await InfillAuthor(client, OURS).write(gap()) == "Load rows into a tarpaulin."


def test_parameters_have_to_be_surer_than_summaries() -> None:
    assert is_sure(SlotKind.SUMMARY, [-0.5])
    assert not is_sure(SlotKind.PARAMETER, [-0.5])
    assert is_sure(SlotKind.PARAMETER, [-0.1, -0.3])
    assert is_sure(SlotKind.PARAMETER, [])


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_model_that_does_not_see_what_follows_sees_the_code_first(profile: str) -> None:
    author = InfillAuthor(ScriptedClient.saying(""), EngineDescription(model="m", profile=profile))
    request = author.request(gap())
    assert isinstance(request.prompt, str)
    assert request.prompt.startswith(CODE) is not PROFILES[profile].infills
    assert bool(request.suffix) is PROFILES[profile].infills
    assert request.prompt.endswith('"""')


def test_a_server_that_mends_no_tokens_gets_no_blank_at_the_end() -> None:
    listed = replace(
        gap(SlotKind.PARAMETER, "path"), before=gap().before + "Load.\n\n    Args:\n        path: "
    )
    foreign = InfillAuthor(ScriptedClient.saying(""), EngineDescription(model="m")).request(listed)
    assert str(foreign.prompt).endswith("path:")
    assert foreign.suffix
    assert str(InfillAuthor(ScriptedClient.saying(""), OURS).request(listed).prompt).endswith("path: ")


async def test_the_gaps_of_one_entity_share_what_has_been_read() -> None:
    with fake_core() as engine:
        client = InProcessClient(engine)
        author = InfillAuthor(client, OURS)
        cached = []
        for written in (
            "",
            "Load rows.\n\n    Args:\n        path: ",
            "Load rows.\n\n    Args:\n        path: P.\n        limit: ",
        ):
            request = author.request(replace(gap(), before=gap().before + written))
            chunks = [chunk async for chunk in client.complete(request)]
            assert chunks[-1].usage is not None
            cached.append(chunks[-1].usage.prompt_tokens_details.cached_tokens)
    assert 0 == cached[0] < cached[1] < cached[2]


async def test_cancelling_ends_the_work() -> None:
    client = ScriptedClient([Script([list("Load the rows")], gate=asyncio.Event())])
    task = asyncio.create_task(InfillAuthor(client, OURS).write(gap()))
    await client.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (client.open_streams, client.num_cancelled) == (0, 1)


async def test_what_the_engine_says_instead_is_passed_on() -> None:
    client = Talker([Script([["Load"]], error=EngineLostError("gone"))])
    with pytest.raises(EngineLostError):
        await InfillAuthor(client, OURS).write(gap())
    with pytest.raises(EngineLostError):
        await ChatAuthor(client, OURS).write(gap())


# Asking to answer


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Load the first rows.", "Load the first rows."),
        ("Sure! Here's the summary:\n\nLoad the first rows.", "Load the first rows."),
        ("Certainly, here is a docstring: \"Load the first rows.\"", "Load the first rows."),
        ("```\nLoad the first rows.\n```", "Load the first rows."),
        ("```python\n\"\"\"Load the first rows.\"\"\"\n```", "Load the first rows."),
        ("**Load** the first rows.", "Load the first rows."),
        ("“Load the first rows.”", "Load the first rows."),
        ("'Load the first rows'.", "Load the first rows."),
        ("<think>\nWhat does it do?\n</think>\n\nLoad the first rows.", "Load the first rows."),
        ("Load the first rows. This is done lazily.", "Load the first rows."),
        ("I cannot help with `that_thing`.", None),
        ("", None),
    ],
)  # fmt: skip
async def test_a_reply_is_freed_of_politeness_and_markup(reply: str, said: str | None) -> None:
    client = Talker([Script([[reply]], probability=None)])
    assert await ChatAuthor(client, OURS).write(gap()) == said


async def test_a_question_holds_the_code_what_is_known_and_what_is_wanted() -> None:
    client = Talker([Script([["Where the rows are."]])])
    asked = replace(
        gap(SlotKind.PARAMETER, "path"), before=gap().before + "Load rows.\n\n    Args:\n        path: "
    )
    assert await ChatAuthor(client, OURS).write(asked) == "Where the rows are."
    system, question = client.asked[0].messages
    assert (system.role, question.role) == ("system", "user")
    assert isinstance(question.content, str)
    assert CODE in question.content
    assert '"""Load rows.\n\n    Args:\n        path:' in question.content
    assert "parameter path of load_rows" in question.content
    assert client.asked[0].model == "ours"
    assert client.asked[0].temperature == 0


@pytest.mark.parametrize("kind", SlotKind)
def test_there_is_a_question_for_every_slot(kind: SlotKind) -> None:
    author = ChatAuthor(ScriptedClient.saying(""), OURS)
    for asked in (gap(kind), gap(kind, "path"), replace(gap(kind), entity=None)):
        question = author.request(asked).messages[1].content
        assert isinstance(question, str)
        assert question.rsplit("\n", 1)[-1].startswith("Say in one")


def test_much_code_is_cut_to_what_fits() -> None:
    small = EngineDescription(model="m", context_length=512)
    long = replace(gap(), code=CODE * 1000)
    question = ChatAuthor(ScriptedClient.saying(""), small).request(long).messages[1].content
    assert isinstance(question, str)
    assert len(question) < 1500


def test_a_reply_without_a_sentence_is_empty() -> None:
    assert sentence_of("Sure! Here is the docstring:") == ""


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        (EngineDescription(model="m", profile="codegeex4"), InfillAuthor),
        (EngineDescription(model="m", profile="codegeex4", chat=True), InfillAuthor),
        (EngineDescription(model="m", profile="base", chat=True), ChatAuthor),
        (EngineDescription(model="m", profile="base"), InfillAuthor),
        (EngineDescription(model="m", profile="codegeex2"), InfillAuthor),
        (EngineDescription(model="m"), InfillAuthor),
    ],
)
async def test_who_chats_and_does_not_infill_is_asked_in_a_dialogue(
    description: EngineDescription, kind: type
) -> None:
    class Described(ScriptedClient):
        async def describe(self) -> EngineDescription:
            return description

    assert type(await author_for(Described.saying(""))) is kind


# Dialogues over the wire

HELLO = ChatRequest(messages=[WireMessage("user", "Hello")], max_tokens=8, logprobs=True)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = chat_model(tmp_path_factory.mktemp("chat"), seed=3, capacity=2048)
    return Engine.load(folder, threads=1)


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[LocalAddress]:
    with serve(engine, TcpAddress("127.0.0.1", 0)) as served:
        yield served


async def told(chunks: AsyncGenerator[CompletionChunk, None]) -> tuple[str, int, list[float]]:
    """Text, number of tokens and their log-probabilities."""
    found = [chunk async for chunk in chunks]
    assert found[-1].usage is not None
    choices = [choice for chunk in found for choice in chunk.choices]
    assert choices[-1].finish_reason == "length"
    logprobs = [value for choice in choices if choice.logprobs for value in choice.logprobs.token_logprobs]
    return "".join(choice.text for choice in choices), found[-1].usage.completion_tokens, logprobs


async def test_a_dialogue_is_answered_alike_near_and_far(engine: Engine, address: LocalAddress) -> None:
    client = HttpEngineClient(address)
    far, near = await told(client.chat(HELLO)), await told(InProcessClient(engine).chat(HELLO))
    await client.close()
    assert far == near
    assert far[1] == len(far[2]) == 8


async def test_closing_a_dialogue_cancels_it(engine: Engine, address: LocalAddress) -> None:
    client = HttpEngineClient(address)
    stream = client.chat(ChatRequest(messages=HELLO.messages, max_tokens=2000))
    await anext(stream)
    await stream.aclose()
    async with asyncio.timeout(60):
        while not engine.counters().get("finish_cancelled"):
            await asyncio.sleep(0.01)
    await client.close()


async def test_a_model_without_dialogues_says_so(tmp_path: Path) -> None:
    folder = chat_model(tmp_path, template="")
    with Engine.load(folder, threads=1) as mute:
        with pytest.raises(RequestError, match="dialogues"):
            await anext(InProcessClient(mute).chat(HELLO))
        with serve(mute, TcpAddress("127.0.0.1", 0)) as address:
            client = HttpEngineClient(address)
            with pytest.raises(RequestError, match="dialogues"):
                await anext(client.chat(HELLO))
            await client.close()


async def test_a_real_model_is_asked_in_a_dialogue_and_whatever_it_says_is_vetted(
    address: LocalAddress,
) -> None:
    client = HttpEngineClient(address)
    author = await author_for(client)
    said = await author.write(gap())
    await client.close()
    assert isinstance(author, ChatAuthor)
    assert said is None or is_harmless(said)
