"""Go's definitions: packages, types, functions, methods, and where their doc comments go."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.entity import (
    Documentation,
    Entity,
    EntityKind,
    Parameter,
    ParameterKind,
    Place,
    Returned,
)
from glm_lsp.docstring.finding import entity_at
from tests.docstring_sources import comes_back, documented, entities_of, entity_of

SOURCE = """\
// Copyright the makers of tea.

//go:build linux

package kettle

/*
#include <steam.h>
*/
import "C"

//go:noinline
func Boil[T any, K comparable](cups, sugar int, _ string, names ...T) (int, error) { panic("dry") }

// Pour empties it.
//
//nolint:unused
func (k *Kettle[T]) Pour(into func(int) int) error { return nil }

func (k kettle) Hiss(int, string) {}

type Kettle[T any] struct{ volume int }

type (
	// Lid closes.
	Lid interface {
		Close(gently bool) (noise int)
		shut()
		Lid2
	}
	Cups = []int
)

func rinse() () {}
"""


def test_whole_entity_of_a_function() -> None:
    start = SOURCE.index("func Boil")
    assert entity_of("go", SOURCE, "Boil") == Entity(
        kind=EntityKind.FUNCTION,
        name="Boil",
        start=start,
        end=SOURCE.index("\n", start),
        header_end=SOURCE.index(' { panic("dry")'),
        parameters=(
            Parameter(name="cups", type="int"),
            Parameter(name="sugar", type="int"),
            Parameter(name="names", type="T", kind=ParameterKind.VARIADIC),
        ),
        type_parameters=("T", "K"),
        returns=Returned("(int, error)"),
        place=Place(SOURCE.index("//go:noinline"), "", after="\n//\n"),
    )


@pytest.mark.parametrize(
    ("name", "kind", "qualified", "returns", "is_public"),
    [
        ("kettle", EntityKind.MODULE, "kettle", None, True),
        ("Pour", EntityKind.METHOD, "Kettle.Pour", "error", True),
        ("Hiss", EntityKind.METHOD, "kettle.Hiss", None, False),
        ("Kettle", EntityKind.CLASS, "Kettle", None, True),
        ("Lid", EntityKind.CLASS, "Lid", None, True),
        ("Close", EntityKind.METHOD, "Lid.Close", "(noise int)", True),
        ("shut", EntityKind.METHOD, "Lid.shut", None, False),
        ("Cups", EntityKind.CLASS, "Cups", None, True),
        ("rinse", EntityKind.FUNCTION, "rinse", None, False),
    ],
)
def test_what_it_is(
    name: str, kind: EntityKind, qualified: str, returns: str | None, is_public: bool
) -> None:
    entity = entity_of("go", SOURCE, name)
    assert entity.kind is kind
    assert entity.qualified_name == qualified
    assert entity.returns == (None if returns is None else Returned(returns))
    assert entity.is_public is is_public


def test_parameters_without_a_name_are_left_out() -> None:
    assert entity_of("go", SOURCE, "Hiss").parameters == ()
    assert [each.type for each in entity_of("go", SOURCE, "Pour").parameters] == ["func(int) int"]


def test_directives_are_no_documentation() -> None:
    documentation = entity_of("go", SOURCE, "Pour").documentation
    start = SOURCE.index("// Pour")
    assert documentation == Documentation(
        start, start + len("// Pour empties it."), "// Pour empties it.", ""
    )
    assert entity_of("go", SOURCE, "Boil").documentation is None


def test_package_documentation_is_below_licence_and_constraint() -> None:
    text = documented("go", SOURCE, "// About.", "kettle")
    assert "//go:build linux\n\n// About.\npackage kettle\n" in text


def test_package_below_an_old_constraint_has_no_place() -> None:
    assert entity_of("go", "// +build linux\npackage p\n", "p").place is None


@pytest.mark.parametrize(
    ("at", "name"), [("package", "kettle"), ("kettle\n", "kettle"), ('"C"', None), ("Pour e", "Pour")]
)
def test_what_a_cursor_is_at(at: str, name: str | None) -> None:
    found = entity_at(entities_of("go", SOURCE), SOURCE.index(at), SOURCE)
    assert (found.name if found else None) == name


def test_package_documentation_is_found() -> None:
    [package] = entities_of("go", "// Licence.\n\n// Package p is\n// small.\npackage p\n")
    assert package.documentation is not None
    assert package.documentation.text == "// Package p is\n// small."


def test_specifications_in_brackets_are_documented_one_by_one() -> None:
    text = documented("go", SOURCE, "// C.", "Cups", "Close", "Kettle")
    assert "\n\t// C.\n\tCups = []int" in text
    assert "\n\t\t// C.\n\t\tClose(gently" in text
    assert "\n// C.\ntype Kettle[T any]" in text


def test_errors_are_told() -> None:
    assert not entity_of("go", "package p\n\nfunc f(a int {\n}\n", "f").is_sound


@pytest.mark.parametrize(
    "source", [SOURCE, SOURCE.replace("\n", "\r\n"), "package p; func f() {}; type T struct{}\n"]
)
def test_documentation_is_found_again(source: str) -> None:
    assert comes_back("go", source, ("// About.", "// What."))


def test_nesting_without_end() -> None:
    source = "package p\n\nfunc f() { g(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }\n"
    assert [entity.name for entity in entities_of("go", source)] == ["p", "f"]


def test_an_empty_comment_parts_text_and_directives_as_gofmt_has_it() -> None:
    source = "package p\n\n//export f\n//go:noinline\nfunc f() {}\n"
    after = documented("go", source, "// f works.", "f")
    assert after == "package p\n\n// f works.\n//\n//export f\n//go:noinline\nfunc f() {}\n"
    documentation = entity_of("go", after, "f").documentation
    assert documentation is not None
    assert documentation.text == "// f works."


@pytest.mark.parametrize("source", ["type C interface { Do(x int) error }", "type ( C int; Do int )"])
def test_what_stands_behind_a_bracket_has_no_place(source: str) -> None:
    assert entity_of("go", f"package p\n\n{source}\n\tvar x int\n", "Do").place is None
