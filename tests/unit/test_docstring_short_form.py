"""What is said of code without a model: rows of names, types and what becomes of them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.entity import ITSELF, Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.words.short_form import cut_to_fit, short_form

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
        ("width", "Run width."),
        ("x", "Run x."),
        ("sha256", "Run sha256."),
        ("_", "Return what is asked for."),
        ("$", "Return what is asked for."),
        ("größe", "Run größe."),
        ("数据", "Run 数据."),
        ("MAX_SIZE", "Run maximum size."),
        ("userIDs", "Run user IDs."),
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


def test_gos_main_package_is_a_program() -> None:
    main = entity("main", EntityKind.MODULE)
    said = summary(main, Dialect(style=Style.GO), lead="Package main", capital=False)
    assert said == "is an executable program."


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


@pytest.mark.parametrize(
    ("name", "comes_back", "said"),
    [
        ("setVersionCode", Returned(name=ITSELF), "The configuration builder itself."),
        ("setVersionCode", Returned(), "The result."),
        ("version", Returned("ConfigBuilder", ITSELF), "The configuration builder itself."),
        ("getBoolean", Returned("boolean"), "The boolean."),
        ("getDebuggable", Returned("boolean"), "Whether it is debuggable."),
        ("alive", Returned("bool"), "Whether it is alive."),
        ("toggle", Returned("bool"), "True or false."),
        ("check", Returned("bool", "is_valid"), "Whether it is valid."),
        ("check_gradle", Returned(name="gradle_path"), "The path to the gradle."),
        ("check_gradle", Returned(), "The result."),
        ("run", Returned(name="_items"), "The items."),
        ("run", Returned(name="m_items"), "The items."),
        ("run", Returned(name="result"), "The result."),
        ("run", Returned(name="rv"), "The result."),
        ("run", Returned(name="MAX"), "The result."),
        ("run", Returned("list[User]", "out"), "The list of users."),
        ("get_user", Returned("User | None", "found_user"), "The user, or nothing."),
        ("find_user", Returned("Option<User>"), "The user, or nothing."),
        ("load_config", Returned("Result<Config, Error>"), "The configuration, or an error."),
        ("parse_line", Returned(name="fields"), "The fields."),
        ("cancel_timer", Returned("std::size_t"), "The number."),
        ("get_unchecked", Returned("T"), "The result."),
        ("receive_some", Returned("bytes"), "The bytes."),
        ("getStartUrl", Returned("String"), "The start URL."),
    ],
)
def test_what_comes_back_is_never_guessed_from_the_deed_alone(
    name: str, comes_back: Returned, said: str
) -> None:
    of = entity(name, EntityKind.METHOD, owner="ConfigBuilder", returns=comes_back)
    assert short_form(Slot(kind=SlotKind.RETURNS), of, GOOGLE) == said


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("rows", Returned("Row"), "The row."),
        ("walk", Returned(name="node"), "The node."),
        ("session", Returned(name=ITSELF), "The object itself."),
        ("run", Returned("Row"), "The row."),
        ("run", Returned(), "The value."),
    ],
)
def test_what_is_yielded_is_told_by_name_or_type(name: str, given: Returned, said: str) -> None:
    assert short_form(Slot(kind=SlotKind.YIELDS), entity(name, yields=given), GOOGLE) == said


GIVES = Returned("int")
OTHER = Parameter(name="other", type="const Mutex&")


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (entity("delay_for", returns=GIVES, parameters=(Parameter(name="attempt"),)),
         "Return the delay for the attempt."),
        (entity("byte_of", returns=GIVES, parameters=(Parameter(name="offset"),)), "Return the byte of the offset."),
        (entity("wait_for", parameters=(Parameter(name="event"),)), "Wait for the event."),
        (entity("delay_for", returns=GIVES), "Return the delay."),
        (entity("sort_by"), "Sort."),
        (entity("log_in"), "Log in."),
        (entity("get_unchecked", returns=GIVES), "Get unchecked."),
        (entity("alive", EntityKind.PROPERTY, returns=Returned("bool")), "Whether it is alive."),
        (entity("alive", EntityKind.PROPERTY), "Alive."),
        (entity("isSecretEstablished", returns=Returned("boolean")), "Return whether the secret is established."),
        (entity("is_fully_loaded", returns=Returned("bool")), "Return whether it is fully loaded."),
        (entity("is_main_thread", returns=Returned("bool")), "Return whether it is a main thread."),
        (entity("test_is_main_thread"), "Test is_main_thread."),
        (entity("do_init"), "Initialize."),
        (entity("jsExec"), "Run js exec."),
        (entity("exec", parameters=(Parameter(name="query"),)), "Execute the query."),
        (entity("async_read", parameters=(Parameter(name="size"),)), "Read asynchronously."),
        (entity("onShowFileChooser"), "Handle show file chooser."),
        (entity("version", returns=Returned("B", ITSELF), parameters=(Parameter(name="code"),)), "Set the version."),
        (entity("Chtimes", returns=Returned("error")), "Return an error, if any."),
        (entity("serialize", parameters=(Parameter(name="serializer"),)), "Serialize with the serializer."),
        (entity("accept", parameters=(Parameter(name="token"), Parameter(name="_cx"))), "Accept the token."),
        (entity("wait_child_exiting"), "Wait for the child exiting."),
        (entity("wait_until_ready"), "Wait until ready."),
        (entity("recreate_plugins"), "Recreate the plugins."),
        (entity("remove", parameters=(Parameter(name="name"),)), "Remove by name."),
        (entity("remove", parameters=(Parameter(name="file"),)), "Remove the file."),
        (entity("unlock_and_signal_one"), "Unlock and signal one."),
        (entity("~on_exit", EntityKind.METHOD), "Destroy the on exit."),
        (entity("__attrs_post_init__", EntityKind.METHOD), "Finish the initialization."),
        (entity("main", EntityKind.MODULE), "Main."),
        (entity("setup", EntityKind.METHOD, owner="HTTPClient"), "Set up the HTTP client."),
        (entity("tree_create"), "Create a tree."),
        (entity("Options", EntityKind.CONSTRUCTOR, owner="Options"), "Create options."),
    ],
)  # fmt: skip
def test_a_summary_says_nothing_that_the_name_does_not(of: Entity, said: str) -> None:
    assert summary(of) == said


@pytest.mark.parametrize(
    ("name", "parts", "said", "comes_back"),
    [
        ("operator=", {"parameters": (OTHER,)}, "Assign another mutex.", ""),
        ("operator=", {"parameters": (Parameter(name="other", type="Mutex&&"),)}, "Take over another mutex.", ""),
        ("operator=", {"parameters": (Parameter(name="v", type="int"),)}, "Assign a value.", ""),
        ("operator==", {"parameters": (OTHER,)}, "Return whether both are equal.", "Whether both are equal."),
        ("operator*", {}, "Return what it points to.", "What it points to."),
        ("operator*", {"parameters": (OTHER,)}, "Return the product.", "The product."),
        ("operator<<", {"parameters": (Parameter(name="out", type="std::ostream&"),)}, "Write it to the stream.", ""),
        ("operator bool", {}, "Return whether it counts as true.", "Whether it counts as true."),
        ("operator std::string", {}, "Convert to standard string.", ""),
        ("operator,", {"parameters": (OTHER,)}, "Apply the operator.", ""),
        ("toString", {}, "Return it as text.", "The text."),
        ("hashCode", {}, "Return the hash code.", "The hash code."),
        ("equals", {"parameters": (OTHER,)}, "Return whether both are equal.", "Whether both are equal."),
        ("compareTo", {"parameters": (OTHER,)}, "Compare it with the other.",
         "A number below, at or above zero, as it is less, equal or greater."),
        ("fmt", {"overrides": True, "parameters": (Parameter(name="f"),)}, "Write it to the formatter.", ""),
        ("fmt", {"parameters": (Parameter(name="f"),)}, "Format.", ""),
        ("clone", {}, "Return a copy.", "A copy."),
        ("mul", {"overrides": True, "parameters": (OTHER,)}, "Return the product.", "The product."),
        ("add_assign", {"overrides": True, "parameters": (OTHER,)}, "Replace it by the sum.", ""),
        ("checked_add", {"parameters": (OTHER,)}, "Return the sum, or nothing where that is not possible.", ""),
        ("next", {}, "Return the next item.", "The next item."),
        ("from", {"parameters": (Parameter(name="text"),)}, "Create it from the text.", ""),
        ("String", {}, "Return it as text.", "The text."),
        ("Error", {}, "Return the message of the error.", "The message of the error."),
        ("Less", {"parameters": (Parameter(name="i"), Parameter(name="j"))},
         "Return whether the item at i comes before the item at j.",
         "Whether the item at i comes before the item at j."),
        ("Swap", {"parameters": (Parameter(name="i"), Parameter(name="j"))}, "Swap the items at i and j.", ""),
        ("Read", {"parameters": (Parameter(name="p", type="[]byte"),)}, "Read bytes into p.", ""),
        ("__eq__", {"parameters": (OTHER,)}, "Return whether both are equal.", "Whether both are equal."),
    ],
)  # fmt: skip
def test_names_that_mean_something_as_a_whole(
    name: str, parts: dict[str, object], said: str, comes_back: str
) -> None:
    of = entity(name, EntityKind.METHOD, owner="Mutex", returns=Returned("Any"), **parts)
    assert summary(of) == said
    if comes_back:
        assert short_form(Slot(kind=SlotKind.RETURNS), of, GOOGLE) == comes_back


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("const Mutex&", "Create a mutex as a copy of another one."),
        ("Mutex&&", "Create a mutex from another one, which is moved."),
        ("std::mutex&", "Create a mutex."),
    ],
)
def test_a_constructor_that_copies_says_so(type_: str, said: str) -> None:
    given = (Parameter(name="other", type=type_),)
    assert summary(entity("Mutex", EntityKind.CONSTRUCTOR, owner="Mutex", parameters=given)) == said


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (Parameter(name="alive", type="bool"), "Whether it is alive."),
        (Parameter(name="alive"), "Alive."),
        (Parameter(name="table"), "The table."),
        (Parameter(name="defaultValue", type="boolean"), "The default value."),
        (Parameter(name="subdomains", type="boolean"), "The flag for subdomains."),
        (Parameter(name="m", type="const Mutex&"), "The mutex."),
        (Parameter(name="fromOnlineEvent", type="boolean"), "Whether it is from online event."),
        (Parameter(name="with_rows", type="bool"), "Whether to include the rows."),
        (Parameter(name="n", type="int"), "The value of n."),
        (Parameter(name="e1"), "The value of e1."),
        (Parameter(name="mimeType"), "The MIME type."),
        (Parameter(name="parent_dir"), "The parent directory."),
    ],
)
def test_a_parameter_is_never_more_than_its_name_and_type(parameter: Parameter, said: str) -> None:
    assert about(parameter) == said


def test_names_of_a_pattern_are_quoted_where_the_style_quotes() -> None:
    pattern = Parameter(name="param1", parts=("front", "ttl"))
    assert about(pattern, Dialect(style=Style.TSDOC)) == "An object with `front` and `ttl`."
    assert about(pattern) == "An object with front and ttl."
    many = Parameter(name="param1", parts=("a", "b", "c", "d", "e"))
    assert about(many) == "An object with a, b, c, d and more."


@pytest.mark.parametrize(
    ("text", "room", "said"),
    [
        ("Return the delay for the attempt.", 40, "Return the delay for the attempt."),
        ("Return the delay for the attempt.", 25, "Return the delay."),
        ("Read rows from files of users", 20, "Read rows from files"),
        ("Initialize internationalization.", 10, "Initialize internationalization."),
        ("Go to the end.", 5, "Go to the end."),
    ],
)
def test_a_short_form_loses_its_last_phrases_where_room_is_short(text: str, room: int, said: str) -> None:
    assert cut_to_fit(text, room) == said


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
        ("e", "If it fails."),
    ],
)
def test_an_exception_tells_by_its_name_when_it_is_raised(name: str, said: str) -> None:
    assert short_form(Slot(kind=SlotKind.RAISES, name=name), entity("work"), GOOGLE) == said


def test_what_can_go_wrong_in_rust_is_told_by_the_deed() -> None:
    read = entity("read_headers")
    assert short_form(Slot(kind=SlotKind.RAISES), read, GOOGLE) == "If reading the headers fails."


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('panic!("too big")', "If it cannot go on."),
        ("assert!(a > 0); assert_eq!(a, b); debug_assert_ne!(a, b)", "If an assertion does not hold."),
        ("todo!()", "If it comes to what is not implemented."),
        ("match a { 1 => 2, _ => unreachable!() }", "If it comes to what was held for unreachable."),
        ("assert!(a > 0); panic!()", "If it cannot go on."),
        ('panic!("no assert!(a)") // todo!()', "If it cannot go on."),
        ("", "If it cannot go on."),
    ],
)
def test_why_a_function_of_rust_panics_is_read_from_its_macros(code: str, said: str) -> None:
    assert short_form(Slot(kind=SlotKind.PANICS), entity("read_headers"), GOOGLE, code) == said


def test_an_unsafe_function_speaks_of_arguments_only_if_it_has_some() -> None:
    given = entity("read", parameters=(Parameter(name="at"),))
    assert "arguments" in short_form(Slot(kind=SlotKind.SAFETY), given, GOOGLE)
    assert "arguments" not in short_form(Slot(kind=SlotKind.SAFETY), entity("h"), GOOGLE)


SAME = Parameter(name="other", type="const A&")
MOVED = Parameter(name="other", type="A&&")


@pytest.mark.parametrize(
    ("of", "code", "said"),
    [
        (entity("A", EntityKind.CONSTRUCTOR, owner="A", parameters=(SAME,)), "A(const A& other) = delete;",
         "Not copyable."),
        (entity("operator=", EntityKind.METHOD, owner="A", parameters=(MOVED,)),
         "A& operator=(A&& other) noexcept = delete;", "Not movable."),
        (entity("A", EntityKind.CONSTRUCTOR, owner="A"), "A() = delete", "Deleted."),
        (entity("read", EntityKind.METHOD, owner="A"), "void read() const = delete;", "Deleted."),
        (entity("A", EntityKind.CONSTRUCTOR, owner="Apple"), "A() { p = delete_all(); }", "Create an apple."),
    ],
)  # fmt: skip
def test_what_is_deleted_creates_nothing(of: Entity, code: str, said: str) -> None:
    assert short_form(Slot(kind=SlotKind.SUMMARY), of, JAVADOC, code).replace("Creates", "Create") == said


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("N", "template <int N>\nclass A {};", "The value of N."),
        ("N", "template <typename T, std::size_t N = 4>\nclass A {};", "The value of N."),
        ("BufferSize", "template <size_t BufferSize> class A {};", "The size of the buffer."),
        ("N", "fn read<T, const N: usize>(at: [T; N]) {}", "The value of N."),
        ("T", "template <typename T, int N>\nclass A {};", "The type to work with."),
        ("Value", "template <class Value, bool Is>\nclass A {};", "The value type."),
        ("T", "", "The type to work with."),
    ],
)
def test_parameters_of_templates_that_are_no_types_are_called_none(name: str, code: str, said: str) -> None:
    slot = Slot(kind=SlotKind.TYPE_PARAMETER, name=name)
    assert short_form(slot, entity("A", EntityKind.CLASS), GOOGLE, code) == said


@pytest.mark.parametrize(
    ("of", "summary_", "result"),
    [
        (entity("main", returns=Returned("int")), "Run the program.", "The exit status."),
        (entity("n", returns=Returned("int")), "Return the result.", "The number."),
        (entity("n", returns=Returned()), "Return the result.", "The result."),
        (entity("user", EntityKind.METHOD, returns=Returned(), parameters=(Parameter(name="user"),)),
         "Run user.", "The result."),
        (entity("convert_tokens_to_string", returns=Returned()), "Convert tokens to string.", "The string."),
        (entity("list", EntityKind.METHOD, returns=Returned(), parameters=(Parameter(name="which"),)),
         "List.", "The result."),
        (entity("pop", returns=Returned(), parameters=(Parameter(name="self"),)), "Pop.", "The result."),
        (entity("frobnicate_rows", returns=Returned()), "Frobnicate the rows.", "The result."),
        (entity("certificate", returns=Returned()), "Return the certificate.", "The certificate."),
        (entity("__init__", EntityKind.CONSTRUCTOR, owner="b", returns=Returned()), "Initialize the object.",
         "The result."),
        (entity("rollback", returns=Returned()), "Roll back.", "The result."),
        (entity("normalize", returns=Returned(), parameters=(Parameter(name="self"),)),
         "Normalize.", "The result."),
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_made_up(of: Entity, summary_: str, result: str) -> None:
    assert summary(of) == summary_
    assert short_form(Slot(kind=SlotKind.RETURNS), of, GOOGLE) == result


@pytest.mark.parametrize(
    ("name", "said"), [("bar", "runs bar."), ("M", "runs m."), ("forward", "forwards."), ("Dump", "dumps.")]
)
def test_a_function_of_go_does_something(name: str, said: str) -> None:
    assert summary(entity(name), Dialect(style=Style.GO), lead=name, capital=False) == said


@pytest.mark.parametrize("name", ["NetworkXError", "AutomainRequiresModuleError", "Error"])
def test_names_that_are_no_kind_of_errors_are_not_read_as_such(name: str) -> None:
    said = short_form(Slot(kind=SlotKind.RAISES, name=name), entity("read_rows"), GOOGLE)
    assert said == "If reading the rows fails."


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


@pytest.mark.parametrize(
    ("style", "type_", "is_told"),
    [
        (Style.GOOGLE, "int", True),
        (Style.NUMPY, "int", False),
        (Style.NUMPY, "", True),
        (Style.JSDOC, "", False),
    ],
)
def test_defaults_are_told_where_nothing_beside_the_name_does(
    style: Style, type_: str, is_told: bool
) -> None:
    entity = Entity(
        kind=EntityKind.FUNCTION,
        name="f",
        start=0,
        end=1,
        header_end=1,
        parameters=(Parameter(name="size", type=type_, default="3", is_optional=True),),
    )
    text = short_form(Slot(kind=SlotKind.PARAMETER, name="size"), entity, Dialect(style=style))
    assert ("Defaults to 3" in text) == is_told
