"""Definitions in JavaScript and TypeScript: what they are called, take and give, and where their comments go."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.edit import TextInsertion, inserted, line_break_of
from glm_lsp.docstring.entity import (
    Documentation,
    Entity,
    EntityKind,
    Parameter,
    ParameterKind,
    Place,
    Returned,
)
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.source_tree import parse

BOTH = ("javascript", "typescript")


def entities(source: str, language: str = "typescript") -> tuple[Entity, ...]:
    tree = parse(language, source)
    assert tree is not None
    return find_entities(tree)


def only(source: str, name: str = "f", language: str = "typescript") -> Entity:
    [found] = [entity for entity in entities(source, language) if entity.name == name]
    return found


def with_comment(source: str, name: str = "f", language: str = "typescript") -> str:
    place = only(source, name, language).place
    assert place is not None
    text = f"{place.before}/**\n{place.indent} * D.\n{place.indent} */{place.after}"
    return inserted(source, [TextInsertion(place.offset, text.replace("\n", line_break_of(source)))])


def test_whole_entity_of_a_method() -> None:
    source = (
        "// é\nexport class Pool<T> {\n"
        "  @trace()\n  // kept here\n  protected async take<K extends T>(this: Pool<T>, key: K,\n"
        "    { wait = 1, as: kind }: Options = {}, ...more: string[]): Promise<Map<K, T>> {\n"
        "    if (!key) throw new RangeError('key');\n    return this.map;\n  }\n}\n"
    )
    assert entities(source) == (
        Entity(
            kind=EntityKind.CLASS,
            name="Pool",
            start=source.index("export"),
            end=len(source) - 1,
            header_end=source.index("<T>") + 3,
            type_parameters=("T",),
            place=Place(source.index("export"), "", after="\n"),
        ),
        Entity(
            kind=EntityKind.METHOD,
            name="take",
            owner="Pool",
            start=source.index("@trace"),
            end=source.index("}\n}") + 1,
            header_end=source.index(">> {") + 2,
            parameters=(
                Parameter(name="key", type="K"),
                Parameter(
                    name="param1",
                    type="Options",
                    default="{}",
                    is_optional=True,
                    parts=("wait", "as"),
                    optional_parts=("wait",),
                ),
                Parameter(name="more", type="string[]", kind=ParameterKind.VARIADIC),
            ),
            type_parameters=("K",),
            returns=Returned("Promise<Map<K, T>>", "map"),
            raises=("RangeError",),
            is_async=True,
            place=Place(source.index("@trace"), "  ", after="\n  "),
        ),
    )


def test_whole_entity_of_a_documented_function() -> None:
    source = "module.exports = { f };\n\n\t/**\n\t * Old.\n\t */\n\tfunction* f(a) { yield a; }\n"
    start = source.index("/**")
    assert entities(source, "javascript") == (
        Entity(
            kind=EntityKind.FUNCTION,
            name="f",
            start=source.index("function"),
            end=len(source) - 1,
            header_end=source.index(") {") + 1,
            parameters=(Parameter(name="a"),),
            yields=Returned(),
            documentation=Documentation(start, source.index("*/") + 2, "/**\n\t * Old.\n\t */", "\t"),
        ),
    )


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("function f() {}", "FUNCTION f"),
        ("async function* f() {}", "FUNCTION f"),
        ("const f = () => 1;", "FUNCTION f"),
        ("let f = async a => a;", "FUNCTION f"),
        ("var f = function g() {};", "FUNCTION f"),
        ("var f = exports.g = function () {};", "FUNCTION f"),
        ("exports.f = () => {};", "FUNCTION f"),
        ("module.exports.f = function () {};", "FUNCTION f"),
        ("exports.g = exports.f = function () {};", "FUNCTION g"),
        ("module.exports = function f() {};", "FUNCTION f"),
        ("module.exports = () => {};", "FUNCTION exports"),
        ("export default function () {}", "FUNCTION default"),
        ("export default function f() {}", "FUNCTION f"),
        ("export default () => {};", "FUNCTION default"),
        ("export default class {}", "CLASS default"),
        ("export default class f extends g {}", "CLASS f"),
        ("const f = class g {};", "CLASS f"),
        ("A.prototype.f = function () {};", "METHOD A.f"),
        ("a.f = function g() {};", "METHOD a.f"),
        ("a.b.f = () => {};", "METHOD a.b.f"),
        ("module.exports.a.f = () => {};", "METHOD a.f"),
        ("const a = { f() {} };", "METHOD a.f"),
        ("const a = { b: { f: () => 1 } };", "METHOD a.b.f"),
        ("const a = { get f() { return 1; } };", "PROPERTY a.f"),
        ("export default { f() {} };", "METHOD f"),
        ("module.exports = { 'f': async function () {} };", "METHOD f"),
        ("class A { f() {} }", "CLASS A, METHOD A.f"),
        ("class A { static f = () => 1; }", "CLASS A, METHOD A.f"),
        ("class A { get f() { return 1; } }", "CLASS A, PROPERTY A.f"),
        ("class A { set f(v) {} }", "CLASS A, PROPERTY A.f"),
        ("class A { constructor(a) {} }", "CLASS A, CONSTRUCTOR A.constructor"),
        ("class A { #f() {} }", "CLASS A, METHOD A.#f"),
        ("class A { [Symbol.iterator]() {} }", "CLASS A, METHOD A.[Symbol.iterator]"),
        (
            "class A { get() {} set() {} static async() {} }",
            "CLASS A, METHOD A.get, METHOD A.set, METHOD A.async",
        ),
        ("use({ f() {} });", ""),
        ("f(function () {}, () => 1);", ""),
        ("f(\n  function g() {},\n  class A {},\n);", ""),
        ("const a = 1, b = [() => 1];", ""),
        ("const a = memo(() => 1);", ""),
        ("describe('a', () => { function f() {} });", "FUNCTION f"),
        ("(function () { const f = () => 1; })();", "FUNCTION f"),
        ("function f() { class A { g() {} } }", "FUNCTION f, CLASS A, METHOD A.g"),
        ("class A { static { const f = () => 1; } }", "CLASS A, FUNCTION f"),
        ("const a = 1, f = () => 1, g = () => 2;", "FUNCTION f, FUNCTION g"),
    ],
)
def test_what_is_a_definition(language: str, source: str, expected: str) -> None:
    found = [f"{one.kind.name} {one.qualified_name}" for one in entities(source, language)]
    assert ", ".join(found) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "interface A<T> { f(a: T): void; g: string; get h(): T; (x: T): T }",
            "CLASS A, METHOD A.f, PROPERTY A.h",
        ),
        ("type A = { f(): void };", "CLASS A, METHOD A.f"),
        ("type A = string | number;", ""),
        ("export const enum A { B }", "CLASS A"),
        (
            "abstract class A { abstract f(): void; abstract get g(): string; }",
            "CLASS A, METHOD A.f, PROPERTY A.g",
        ),
        ("declare function f(a: string): void;", "FUNCTION f"),
        ("namespace A.B { export function f() {} }", "FUNCTION f"),
        ("declare module 'a' { class A { f(): void } }", "CLASS A, METHOD A.f"),
        ("declare global { interface A { f(): void } }", "CLASS A, METHOD A.f"),
    ],
)
def test_what_is_a_definition_in_typescript(source: str, expected: str) -> None:
    found = [f"{one.kind.name} {one.qualified_name}" for one in entities(source)]
    assert ", ".join(found) == expected


@pytest.mark.parametrize("language", ["javascript", "javascriptreact", "typescriptreact"])
def test_components_are_functions(language: str) -> None:
    source = "export const Box = ({ size, children }) => {\n  return <div>{children}</div>;\n};\n"
    found = only(source, "Box", language)
    assert found.parameters == (Parameter(name="param0", parts=("size", "children")),)
    assert found.returns == Returned()


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("", ()),
        ("a, b", (Parameter(name="a"), Parameter(name="b"))),
        ("a = 1", (Parameter(name="a", default="1", is_optional=True),)),
        ("a = {\n  b: 1, // why\n}", (Parameter(name="a", default="{ b: 1 }", is_optional=True),)),
        ("a = '*/'", (Parameter(name="a", is_optional=True),)),
        ("...a", (Parameter(name="a", kind=ParameterKind.VARIADIC),)),
        ("a, { b }", (Parameter(name="a"), Parameter(name="param1", parts=("b",)))),
        (
            "{ a, b: c, d = 1, 'e': f, 'g-h': i, j: { k }, ...l }",
            (Parameter(name="param0", parts=tuple("abdej"), optional_parts=("d",)),),
        ),
        ("{ a } = {}", (Parameter(name="param0", default="{}", is_optional=True, parts=("a",)),)),
        ("[a, b]", (Parameter(name="param0"),)),
        ("...[a, b]", (Parameter(name="param0", kind=ParameterKind.VARIADIC),)),
        ("/* first */ a /* more */", (Parameter(name="a"),)),
    ],
)
def test_parameters(language: str, signature: str, expected: tuple[Parameter, ...]) -> None:
    assert only(f"function f({signature}) {{}}", language=language).parameters == expected


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("this: A, a: string", (Parameter(name="a", type="string"),)),
        ("a?: B", (Parameter(name="a", type="B", is_optional=True),)),
        ("a: (b: C) => D", (Parameter(name="a", type="(b: C) => D"),)),
        ("a: {\n  b: C;\n  d: E;\n}", (Parameter(name="a", type="{ b: C; d: E; }"),)),
        ("public a: B, private readonly c = 1", None),
        ("a: B</* why */ C, /* not */ D>", (Parameter(name="a", type="B<C, D>"),)),
        ("@Inject() a: B", (Parameter(name="a", type="B"),)),
        ("a: 'x' | \"y\"", (Parameter(name="a", type="'x' | \"y\""),)),
    ],
)
def test_parameters_with_types(signature: str, expected: tuple[Parameter, ...] | None) -> None:
    found = only(f"class A {{ constructor({signature}) {{}} }}", "constructor").parameters
    if expected is None:
        expected = (
            Parameter(name="a", type="B"),
            Parameter(name="c", default="1", is_optional=True),
        )
    assert found == expected


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("source", "returns", "yields"),
    [
        ("function f() { return 1; }", True, False),
        ("function f() { return; }", False, False),
        ("function f() { return undefined; }", False, False),
        ("function f() { return void g(); }", False, False),
        ("function f() { return -1; }", True, False),
        ("function f() { g(() => { return 1; }); }", False, False),
        ("function f() { class A { g() { return 1; } } }", False, False),
        ("function f() { function g() { return 1; } }", False, False),
        ("function f() { if (a) { return 1; } }", True, False),
        ("const f = () => 1;", True, False),
        ("const f = () => ({});", True, False),
        ("const f = () => {};", False, False),
        ("const f = () => void g();", False, False),
        ("function* f() { yield 1; return 2; }", False, True),
        ("class A { async *f() {} }", False, True),
    ],
)
def test_what_comes_back(language: str, source: str, returns: bool, yields: bool) -> None:
    found = only(source, language=language)
    assert (found.returns, found.yields) == (Returned() if returns else None, Returned() if yields else None)


@pytest.mark.parametrize(
    ("source", "returns", "yields"),
    [
        ("function f(): string {}", "string", None),
        ("function f(): void {}", None, None),
        ("function f(): never {}", None, None),
        ("function f(): undefined {}", None, None),
        ("async function f(): Promise<void> {}", None, None),
        ("async function f(): Promise<\n  Map<A, B>\n> {}", "Promise<Map<A, B>>", None),
        ("function f(a: any): a is B { return true; }", "a is B", None),
        ("function f(a: any): asserts a {}", None, None),
        ("const f = (): void => g();", None, None),
        ("interface A { f(): B }", "B", None),
        ("interface A { f(); }", None, None),
        ("function* f(): Generator<A<B, C>, D, E> {}", None, "A<B, C>"),
        ("async function* f(): AsyncIterable<() => A> {}", None, "() => A"),
        ("function* f(): Other<A> {}", None, ""),
    ],
)
def test_what_comes_back_by_annotation(source: str, returns: str | None, yields: str | None) -> None:
    found = only(source)
    assert found.returns == (None if returns is None else Returned(returns))
    assert found.yields == (None if yields is None else Returned(yields))


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("throw new TypeError('a');", "TypeError"),
        ("throw Error('a');", "Error"),
        ("throw new a.Broken();", "a.Broken"),
        ("throw error;", ""),
        ("throw make('a');", ""),
        ("throw 'a';", ""),
        ("g(() => { throw new A(); });", ""),
        ("if (a) throw new A(); throw new B(); throw new A();", "A B"),
        ("try { throw new A(); } catch (e) { g(e); }", ""),
        ("try { throw new A(); } catch { g(); }", ""),
        ("try { throw new A(); } catch (e) { g(); throw e; }", "A"),
        ("try { throw new A(); } finally { g(); }", "A"),
        ("try { g(); } catch (e) { throw new B(e); }", "B"),
        ("try { try { throw new A(); } finally { g(); } } catch (e) {}", ""),
    ],
)
def test_what_is_thrown(language: str, body: str, names: str) -> None:
    assert only(f"function f() {{ {body} }}", language=language).raises == tuple(names.split())


@pytest.mark.parametrize(
    ("source", "public"),
    [
        ("function a() {} const b = () => 1; class C {}", "a b C"),
        ("export function a() {} function b() {}", "a"),
        ("export default a; function a() {} function b() {}", "a"),
        ("export { a, b as c }; function a() {} const b = () => 1; function d() {}", "a b"),
        ("export { a } from './x'; function a() {}", ""),
        ("export * from './x'; function a() {}", ""),
        ("export = a; function a() {} function b() {}", "a"),
        ("module.exports = a; function a() {} function b() {}", "a"),
        ("module.exports = { a, b: c }; function a() {} function b() {} function c() {}", "a c"),
        ("exports.a = b; function a() {} function b() {}", "b"),
        ("var a = module.exports = {}; a.f = function () {}; function b() {}", "a.f"),
        ("exports.f = () => 1; const g = () => 2;", "f"),
        ("export class A { f() {} _g() {} #h() {} }", "A A.f"),
        (
            "export class A { private f() {} protected g() {} public h() {} private i = () => 1; }",
            "A A.g A.h",
        ),
        ("class A { f() {} } export class B {}", "B"),
        ("export const a = { f() {}, _g() {} }; const b = { h() {} };", "a.f"),
        ("class A {} A.prototype.f = () => 1; exports.A = A;", "A A.f"),
        ("class A {} A.prototype.f = () => 1; exports.B = B;", ""),
        ("export namespace N { export function f() {} function g() {} }", "f"),
        ("export declare namespace N { function f(): void; }", "f"),
        ("namespace N { export function f() {} } export {};", ""),
        ("export interface I { f(): void } interface J { g(): void }", "I I.f"),
    ],
)
def test_what_others_may_use(source: str, public: str) -> None:
    assert " ".join(one.qualified_name for one in entities(source) if one.is_public) == public


def test_overloads_overrides_and_nesting() -> None:
    source = (
        "export function f(a: string): void;\nexport function f(a: number): void;\nexport function f(a: any) {}\n"
        "declare function g(a: string): void;\ndeclare function g(a: number): void;\n"
        "class A {\n  m(): void;\n  override m(a?: any) { const n = () => 1; }\n  abstract o(): void;\n}\n"
        "interface I { p(): void }\n"
    )
    assert [(one.name, one.is_overload, one.overrides, one.is_nested) for one in entities(source)] == [
        ("f", True, False, False),
        ("f", True, False, False),
        ("f", False, False, False),
        ("g", False, False, False),
        ("g", False, False, False),
        ("A", False, False, False),
        ("m", True, False, False),
        ("m", False, True, False),
        ("n", False, False, True),
        ("o", False, False, False),
        ("I", False, False, False),
        ("p", False, False, False),
    ]


D = "/**\n * D.\n */\n"
D2 = "/**\n   * D.\n   */\n"


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("function f() {}\n", f"{D}function f() {{}}\n"),
        ("  export const f = () => 1;", "  /**\n   * D.\n   */\n  export const f = () => 1;"),
        ("\tf = 1;\n\tasync function f() {}", "\tf = 1;\n\t/**\n\t * D.\n\t */\n\tasync function f() {}"),
        ("a();\r\nfunction f() {}\r\n", f"a();\n{D}function f() {{}}\n".replace("\n", "\r\n")),
        ("a();\rfunction f() {}\r", f"a();\n{D}function f() {{}}\n".replace("\n", "\r")),
        ("#!/usr/bin/env node\nfunction f() {}\n", f"#!/usr/bin/env node\n{D}function f() {{}}\n"),
        ("// why\nfunction f() {}\n", f"// why\n{D}function f() {{}}\n"),
        ("/* why */\nfunction f() {}\n", f"/* why */\n{D}function f() {{}}\n"),
        ("/* why */ function f() {}\n", None),
        ("// why\n// @ts-ignore\nfunction f() {}\n", f"// why\n{D}// @ts-ignore\nfunction f() {{}}\n"),
        ("/* eslint-disable a */\nfunction f() {}", f"{D}/* eslint-disable a */\nfunction f() {{}}"),
        ("/* v8 ignore */\n// @ts-nocheck\nclass f {}", f"{D}/* v8 ignore */\n// @ts-nocheck\nclass f {{}}"),
        ("// @ts-ignore\n\nfunction f() {}", f"// @ts-ignore\n\n{D}function f() {{}}"),
        ("/** Old. */\n\nfunction f() {}", f"/** Old. */\n\n{D}function f() {{}}"),
        ("/*** Banner ***/\nfunction f() {}", f"/*** Banner ***/\n{D}function f() {{}}"),
        ("/** @license MIT */\nfunction f() {}", f"/** @license MIT */\n{D}function f() {{}}"),
        ("/** @typedef {A} B */\nfunction f() {}", f"/** @typedef {{A}} B */\n{D}function f() {{}}"),
        ("a(); function f() {}", f"a(); \n{D}function f() {{}}"),
        ("var a; // why\nfunction f() {}", f"var a; // why\n{D}function f() {{}}"),
        ("class A {\n  f() {}\n}", f"class A {{\n  {D2}  f() {{}}\n}}"),
        ("class A {\n  a = 1\n  f() {}\n}", f"class A {{\n  a = 1\n  {D2}  f() {{}}\n}}"),
        ("const a = {\n  b: 1,\n  f() {},\n};", f"const a = {{\n  b: 1,\n  {D2}  f() {{}},\n}};"),
        ("const a = 1,\n  f = () => 1;", f"const a = 1,\n  {D2}  f = () => 1;"),
        ("const f = () => 1, a = 1;", f"{D}const f = () => 1, a = 1;"),
        ("const a = { b: 1, f() {} };", None),
        ("const a = 1, f = () => 1;", None),
        ("if (a) function f() {}", None),
        ("a: function f() {}", None),
    ],
)  # fmt: skip
def test_where_comments_go(language: str, source: str, expected: str | None) -> None:
    if expected is None:
        assert only(source, language=language).place is None
        return
    outcome = with_comment(source, language=language)
    assert outcome == expected
    assert only(outcome, language=language).documentation is not None
    assert not touches_code(language, source, outcome)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@a()\nexport class f {}", f"{D}@a()\nexport class f {{}}"),
        ("@a() export class f {}", f"{D}@a() export class f {{}}"),
        ("class A {\n  @a()\n  @b\n  f() {}\n}", f"class A {{\n  {D2}  @a()\n  @b\n  f() {{}}\n}}"),
        ("class A {\n  @a() x = 1;\n  @b f() {}\n}", f"class A {{\n  @a() x = 1;\n  {D2}  @b f() {{}}\n}}"),
        ("class A { f(); }", None),
        ("interface A {\n  f(): void;\n}", f"interface A {{\n  {D2}  f(): void;\n}}"),
        ("export declare function f(): void;", f"{D}export declare function f(): void;"),
        (
            "namespace A.B {\n  export function f() {}\n}",
            f"namespace A.B {{\n  {D2}  export function f() {{}}\n}}",
        ),
    ],
)
def test_where_comments_go_in_typescript(source: str, expected: str | None) -> None:
    outcome = with_comment(source)
    assert expected is None or outcome == expected
    assert only(outcome).documentation is not None
    assert not touches_code("typescript", source, outcome)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("/** A. */\nfunction f() {}", "/** A. */"),
        ("/** A. */ export const f = () => 1;", "/** A. */"),
        ("/** A. */\n// eslint-disable-next-line\nfunction f() {}", "/** A. */"),
        ("/** A. */\n/** B. */\nfunction f() {}", "/** B. */"),
        ("class A {\n  /**\n   * A.\n   */\n  @a() f() {}\n}", "/**\n   * A.\n   */"),
        ("class A {\n  @a()\n  /** A. */\n  f() {}\n}", "/** A. */"),
        ("@a\n/** A. */\nexport class f {}", "/** A. */"),
        ("/**/\nfunction f() {}", None),
        ("// A.\nfunction f() {}", None),
        ("a(); /** A. */\nfunction f() {}", None),
    ],
)
def test_documentation_that_is_there(source: str, text: str | None) -> None:
    found = only(source).documentation
    assert (found and found.text) == text


def test_damage_is_told_of_what_holds_it() -> None:
    source = "function f() { return 1 +* 2; }\n\nfunction g() { return 1; }\n"
    assert [(one.name, one.is_sound) for one in entities(source)] == [("f", False), ("g", True)]


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("(", ")"), ("{a:", "}"), ("() => {", "}")])
def test_deep_nesting_ends_nothing(language: str, opening: str, closing: str) -> None:
    depth = 20_000
    source = (
        f"const a = {opening * depth}1{closing * depth};\nfunction f(b = {'[' * depth}{']' * depth}) {{}}\n"
    )
    assert only(source, language=language).name == "f"


def test_no_blanks_are_left_at_the_end_of_a_line() -> None:
    source = "class A { f() {} }\n"
    outcome = with_comment(source)
    assert outcome == "class A {\n    /**\n     * D.\n     */\n    f() {} }\n"
    assert not touches_code("typescript", source, outcome)
