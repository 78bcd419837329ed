"""What is said of code without a model: rows of names, types and what becomes of them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.sentence import is_harmless
from glm_lsp.docstring.short_form import short_form
from glm_lsp.docstring.skeleton import Slot, SlotKind

GOOGLE = Dialect(style=Style.GOOGLE)
JAVADOC = Dialect(style=Style.JAVADOC, third_person=True)


def entity(name: str, kind: EntityKind = EntityKind.FUNCTION, **parts: object) -> Entity:
    return Entity(kind=kind, name=name, start=0, end=0, header_end=0, **parts)  # type: ignore[arg-type]


def summary(of: Entity, dialect: Dialect = GOOGLE, **slot: object) -> str:
    return short_form(Slot(kind=SlotKind.SUMMARY, **slot), of, dialect)  # type: ignore[arg-type]


def about(parameter: Parameter, dialect: Dialect = GOOGLE, **slot: object) -> str:
    wanted = Slot(kind=SlotKind.PARAMETER, name=parameter.name, **slot)  # type: ignore[arg-type]
    return short_form(wanted, entity("work", parameters=(parameter,)), dialect)


def returned(name: str, type_: str = "", *parameters: str) -> str:
    of = entity(name, returns=Returned(type_), parameters=tuple(Parameter(name=each) for each in parameters))
    return short_form(Slot(kind=SlotKind.RETURNS), of, GOOGLE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("read_HTTPHeaders", "Read HTTP headers."),
        ("readHTTPHeaders", "Read HTTP headers."),
        ("ReadHTTPHeaders", "Read HTTP headers."),
        ("is_open", "Return whether it is open."),
        ("hasChildren", "Return whether it has children."),
        ("can_read", "Return whether it can read."),
        ("get_width", "Return the width."),
        ("getUserByID", "Return the user by ID."),
        ("get_and_remove_item", "Get and remove the item."),
        ("set_value", "Set the value."),
        ("to_json", "Convert to JSON."),
        ("from_dict", "Create from dictionary."),
        ("as_bytes", "Return it as bytes."),
        ("celsius_to_fahrenheit", "Convert celsius to fahrenheit."),
        ("on_click", "Handle the click."),
        ("main", "Run the program."),
        ("create_user", "Create a user."),
        ("make_index", "Make an index."),
        ("generate_HTML", "Generate HTML."),
        ("NewClient", "Create a new client."),
        ("load_from_file", "Load from file."),
        ("collect_all_items", "Collect all items."),
        ("iter_lines", "Iterate over the lines."),
        ("try_parse", "Try to parse."),
        ("test_reading", "Test reading."),
        ("test_add_item", "Test adding item."),
        ("test_cache_is_empty", "Test that cache is empty."),
        ("__len__", "Return the number of items."),
        ("__radd__", "Return the sum, as the right operand."),
        ("__init__", "Initialize the object."),
        ("width", "Width."),
        ("x", "X."),
        ("sha256", "Sha256."),
        ("_", "Return what is asked for."),
        ("$", "Return what is asked for."),
        ("größe", "Größe."),
        ("数据", "数据."),
        ("MAX_SIZE", "Maximum size."),
        ("userIDs", "User IDs."),
        ("operator()", "Call it like a function."),
    ],
)
def test_a_functions_name_is_put_into_a_sentence(name: str, said: str) -> None:
    assert summary(entity(name)) == said


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (entity("HTTPClient", EntityKind.CLASS), "HTTP client."),
        (entity("IUserStore", EntityKind.CLASS), "User store."),
        (entity("net_utils", EntityKind.MODULE), "Net utilities."),
        (entity("", EntityKind.MODULE), "Module."),
        (entity("__init__", EntityKind.CONSTRUCTOR, owner="HTTPClient"), "Initialize the HTTP client."),
        (entity("Engine", EntityKind.CONSTRUCTOR, owner="Engine"), "Create an engine."),
        (entity("width", EntityKind.PROPERTY), "The width."),
        (entity("num_rows", EntityKind.PROPERTY), "The number of rows."),
        (entity("get_max_tokens"), "Return the maximum number of tokens."),
        (entity("is_open", EntityKind.PROPERTY), "Whether it is open."),
        (entity("total_count", returns=Returned("int")), "Return the total count."),
        (entity("neighbours", yields=Returned("Node")), "Yield the neighbours."),
        (entity("parse", parameters=(Parameter(name="text"),)), "Parse the text."),
        (entity("compare", parameters=(Parameter(name="left"), Parameter(name="right"))),
         "Compare left and right."),
        (entity("~Stream", EntityKind.METHOD), "Destroy the stream."),
        (entity("put_nowait", EntityKind.METHOD), "Put without waiting."),
        (entity("goBack", EntityKind.METHOD), "Go back."),
        (entity("close", EntityKind.METHOD, owner="FileStream"), "Close the file stream."),
        (entity("proceed", EntityKind.METHOD, owner="Request"), "Proceed."),
        (entity("explain", EntityKind.METHOD, parameters=(Parameter(name="depth", default="16"),)), "Explain."),
        (entity("get", EntityKind.METHOD, parameters=(Parameter(name="key"),)), "Get the value for the key."),
    ],
)  # fmt: skip
def test_a_summary_uses_what_else_is_known(of: Entity, said: str) -> None:
    assert summary(of) == said


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (entity("get_width"), "Returns the width."),
        (entity("push_item"), "Pushes the item."),
        (entity("copy_file"), "Copies the file."),
        (entity("is_open"), "Returns whether it is open."),
        (entity("purge"), "Purges."),
        (entity("get_and_remove_item"), "Gets and removes the item."),
        (entity("ReadStream", EntityKind.CLASS), "Read stream."),
        (entity("HTTPClient", EntityKind.CLASS), "HTTP client."),
    ],
)
def test_third_person_changes_deeds_alone(of: Entity, said: str) -> None:
    assert summary(of, JAVADOC) == said


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (entity("ReadAll"), "reads all."),
        (entity("HTTPClient", EntityKind.CLASS), "is an HTTP client."),
        (entity("Engine", EntityKind.CLASS), "is an engine."),
        (entity("Options", EntityKind.CLASS), "holds options."),
        (entity("rows", EntityKind.MODULE), "provides rows."),
        (entity("Width", returns=Returned("int")), "returns the width."),
    ],
)
def test_behind_the_name_a_summary_goes_on(of: Entity, said: str) -> None:
    assert summary(of, Dialect(style=Style.GO), lead=of.name, capital=False) == said


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (Parameter(name="num_retries", type="int", default="3"), "The number of retries. Defaults to 3."),
        (Parameter(name="retry_count"), "The number of retries."),
        (Parameter(name="max_tokens"), "The maximum number of tokens."),
        (Parameter(name="minLength"), "The minimum length."),
        (Parameter(name="target_column"), "The target column."),
        (Parameter(name="path"), "The path."),
        (Parameter(name="model_path"), "The path to the model."),
        (Parameter(name="user_id"), "The ID of the user."),
        (Parameter(name="mapped_id"), "The mapped ID."),
        (Parameter(name="is_valid"), "Whether it is valid."),
        (Parameter(name="use_cache", type="bool"), "Whether to use the cache."),
        (Parameter(name="verbose", default="False"), "Whether to be verbose. Defaults to False."),
        (Parameter(name="no_color", type="bool"), "Whether to do without color."),
        (Parameter(name="all_threads", type="boolean"), "The flag for all threads."),
        (Parameter(name="args", kind=ParameterKind.VARIADIC), "The positional arguments."),
        (Parameter(name="kwargs", kind=ParameterKind.KEYWORDS), "The keyword arguments."),
        (Parameter(name="hints", kind=ParameterKind.KEYWORDS), "The keyword arguments for hints."),
        (Parameter(name="cb"), "The function to call."),
        (Parameter(name="x"), "The value of x."),
        (Parameter(name="_"), "Not used."),
        (Parameter(name="onPress"), "The function to call on press."),
        (Parameter(name="param0", parts=("title",)), "An object with title."),
        (Parameter(name="param0", parts=("title", "size", "color")), "An object with title, size and color."),
        (Parameter(name="数据"), "The 数据."),
        (Parameter(name="encoding", default='"utf-8"'), "The encoding. Defaults to utf-8."),
        (Parameter(name="pattern", default=r'"\\d*/"'), "The pattern."),
        (Parameter(name="items", default="None"), "The items."),
        (Parameter(name="clock", default="time.monotonic()"), "The clock."),
    ],
)
def test_a_parameter_is_described_by_its_name(parameter: Parameter, said: str) -> None:
    assert about(parameter) == said


def test_behind_a_copula_a_type_is_what_it_is() -> None:
    client = entity("SyncFolder", EntityKind.CLASS)
    assert summary(client, Dialect(style=Style.GO), lead="SyncFolder is", capital=False) == "a sync folder."


def test_a_default_is_not_told_twice() -> None:
    parameter = Parameter(name="depth", default="3")
    assert about(parameter, Dialect(style=Style.JSDOC)) == "The depth."


def test_without_full_stops_two_sentences_become_one() -> None:
    parameter = Parameter(name="num_retries", default="3")
    assert about(parameter, capital=False, full_stop=False) == "the number of retries; defaults to 3"
    assert about(Parameter(name="x"), capital=False, full_stop=False) == "the value of x"
    assert about(Parameter(name="URL"), capital=True, full_stop=False) == "The URL"


@pytest.mark.parametrize(
    ("name", "type_", "said"),
    [
        ("get_width", "", "The width."),
        ("isOpen", "bool", "Whether it is open."),
        ("save_file", "bool", "Whether saving the file succeeds."),
        ("compute_loss", "float", "The loss."),
        ("celsius_to_fahrenheit", "float", "The fahrenheit."),
        ("to_json", "str", "The JSON."),
        ("process", "list[str]", "The list of texts."),
        ("process", "Vec<User>", "The list of users."),
        ("process", "Option<User>", "The user, or nothing."),
        ("process", "User | None", "The user, or nothing."),
        ("process", "Result<Config, Error>", "The configuration, or an error."),
        ("process", "Promise<HTTPResponse>", "The HTTP response."),
        ("process", "Map<string, number>", "The mapping."),
        ("process", "string[]", "The list of texts."),
        ("process", "*http.Request", "The request."),
        ("run", "", "The result."),
        ("_", "", "The result."),
    ],
)
def test_what_comes_back_is_told_by_name_or_type(name: str, type_: str, said: str) -> None:
    assert returned(name, type_) == said


def test_what_comes_back_is_what_was_given_after_the_deed() -> None:
    assert returned("parse", "", "text") == "The parsed text."
    assert returned("split", "", "lines") == "The split lines."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ValueError", "If a value is not valid."),
        ("std::out_of_range", "If a value is out of range."),
        ("java.io.IOException", "If input or output fails."),
        ("ConfigError", "On configuration errors."),
        ("HTTPError", "On HTTP errors."),
        ("UserNotFoundError", "If the user is not found."),
        ("InvalidTokenException", "If the token is not valid."),
        ("Error", "If it fails."),
        ("e", "On e errors."),
    ],
)
def test_an_exception_tells_by_its_name_when_it_is_raised(name: str, said: str) -> None:
    assert short_form(Slot(kind=SlotKind.RAISES, name=name), entity("work"), GOOGLE) == said


def test_what_can_go_wrong_in_rust_is_told_by_the_deed() -> None:
    read = entity("read_headers")
    assert short_form(Slot(kind=SlotKind.RAISES), read, GOOGLE) == "If reading the headers fails."
    assert short_form(Slot(kind=SlotKind.PANICS), read, GOOGLE) == "If reading the headers is not possible."
    assert "valid" in short_form(Slot(kind=SlotKind.SAFETY), read, GOOGLE)


def test_a_comment_is_what_was_told_of_its_statements() -> None:
    assert short_form(Slot(kind=SlotKind.COMMENT, name="Set total."), None, GOOGLE) == "Set total."


names = st.text(string.ascii_letters + string.digits + "_$*/\\\"'\n\u2028é数", max_size=40)


@given(names, names, st.sampled_from(SlotKind), st.sampled_from(EntityKind), st.booleans(), st.booleans())
def test_whatever_the_names_there_is_something_harmless_to_say(  # noqa: PLR0917
    name: str, source: str, kind: SlotKind, entity_kind: EntityKind, capital: bool, full_stop: bool
) -> None:
    parameter = Parameter(name=name, type=source, default=source)
    of = entity(
        name,
        entity_kind,
        owner=source,
        parameters=(parameter,),
        returns=Returned(source),
        yields=Returned(source),
    )
    slot = Slot(kind=kind, name=name, capital=capital, full_stop=full_stop)
    said = short_form(slot, of, GOOGLE)
    assert is_harmless(said)
    assert said == " ".join(said.split())
    assert said.endswith(".") or not full_stop
