"""Rust's definitions: items, what they may do to their callers, and where their doc comments go."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, Place, Returned
from tests.docstring_sources import comes_back, documented, entities_of, entity_of

SOURCE = """\
// Copyright the gardeners.

#![allow(dead_code)]

use std::io;

// Not a documentation.
#[derive(Debug)]
// Nor this.
#[repr(C)]
pub struct Bed<'a, T: Clone, const N: usize> {
    rows: &'a [T; N],
}

#[inline]
pub async unsafe fn sow<T>(mut depth: u8, &seed: &T, (x, y): (i32, i32), _: u8) -> io::Result<()>
where
    T: Clone,
{
    let plant = || assert!(depth > 0);
    fn dig() {
        panic!("stone");
    }
    Ok(())
}

impl<T> plants::Bed<'_, T, 3> {
    pub fn len(&self) -> usize {
        self.rows.first().unwrap().len()
    }
    pub(crate) fn clear(self: Box<Self>) {}
    fn row(&self, ref at: usize) -> ! {
        std::panic!("no row")
    }
}

impl Drop for Shed {
    fn drop(&mut self) {}
}

pub trait Water {
    /// Pours.
    fn pour(&self, litres: f32) -> Self::Flow;
    fn stop(&mut self) {}
}

trait Secret {
    fn tell(&self);
}

#[macro_export]
macro_rules! rake {
    ($x:expr) => {};
}

mod tools {
    pub type Name = String;
}

mod elsewhere;

#[cfg(test)]
mod tests {
    pub fn helper() {}
}

#[test]
pub fn grows() {}

enum Season {
    Spring,
}

#[doc = "Once."]
pub union Pot {
    a: u8,
}

const fn nothing() -> () {}
"""


def test_whole_entity_of_a_function() -> None:
    start = SOURCE.index("#[inline]")
    signature = SOURCE.index("where")
    assert entity_of("rust", SOURCE, "sow") == Entity(
        kind=EntityKind.FUNCTION,
        name="sow",
        start=start,
        end=SOURCE.index("\n\nimpl<T>"),
        header_end=SOURCE.index("\n{", signature),
        parameters=(Parameter(name="depth", type="u8"), Parameter(name="seed", type="&T")),
        type_parameters=("T",),
        returns=Returned("io::Result<()>"),
        # A closure is part of the function, an item in it is not.
        may_panic=True,
        is_unsafe=True,
        is_fallible=True,
        is_async=True,
        place=Place(start, "", after="\n"),
    )


@pytest.mark.parametrize(
    ("name", "kind", "qualified", "returns", "is_public"),
    [
        ("Bed", EntityKind.CLASS, "Bed", None, True),
        ("dig", EntityKind.FUNCTION, "dig", None, False),
        ("len", EntityKind.METHOD, "Bed.len", "usize", True),
        ("clear", EntityKind.METHOD, "Bed.clear", None, False),
        ("row", EntityKind.METHOD, "Bed.row", None, False),
        ("drop", EntityKind.METHOD, "Shed.drop", None, True),
        ("Water", EntityKind.CLASS, "Water", None, True),
        ("pour", EntityKind.METHOD, "Water.pour", "Self::Flow", True),
        ("stop", EntityKind.METHOD, "Water.stop", None, True),
        ("tell", EntityKind.METHOD, "Secret.tell", None, False),
        ("rake", EntityKind.FUNCTION, "rake", None, True),
        ("tools", EntityKind.CLASS, "tools", None, False),
        ("Name", EntityKind.CLASS, "Name", None, True),
        ("helper", EntityKind.FUNCTION, "helper", None, False),
        ("grows", EntityKind.FUNCTION, "grows", None, False),
        ("Season", EntityKind.CLASS, "Season", None, False),
        ("Pot", EntityKind.CLASS, "Pot", None, True),
        ("nothing", EntityKind.FUNCTION, "nothing", None, False),
    ],
)
def test_what_it_is(
    name: str, kind: EntityKind, qualified: str, returns: str | None, is_public: bool
) -> None:
    entity = entity_of("rust", SOURCE, name)
    assert entity.kind is kind
    assert entity.qualified_name == qualified
    assert entity.returns == (None if returns is None else Returned(returns))
    assert entity.is_public is is_public


def test_modules_without_a_body_are_documented_elsewhere() -> None:
    assert "elsewhere" not in {entity.name for entity in entities_of("rust", SOURCE)}


def test_lifetimes_are_no_type_parameters() -> None:
    assert entity_of("rust", SOURCE, "Bed").type_parameters == ("T", "N")


@pytest.mark.parametrize(
    ("body", "may_panic"),
    [
        ('panic!("x")', True),
        ("core::todo!()", True),
        ("assert_eq!(1, 2)", True),
        ("debug_assert!(true)", False),
        ("unreachable!()", False),
        ("x.unwrap()", False),
        ("impl X for Y { fn g() { panic!() } }", False),
    ],
)
def test_what_panics(body: str, may_panic: bool) -> None:
    assert entity_of("rust", f"fn f() {{ {body} }}\n", "f").may_panic is may_panic


@pytest.mark.parametrize(
    ("type_", "is_fallible"),
    [("Result<u8, E>", True), ("fmt::Result", True), ("Option<Result<u8, E>>", False), ("Results", False)],
)
def test_what_can_fail(type_: str, is_fallible: bool) -> None:
    assert entity_of("rust", f"fn f() -> {type_} {{ g() }}\n", "f").is_fallible is is_fallible


def test_marks_of_methods() -> None:
    assert entity_of("rust", SOURCE, "drop").overrides
    assert entity_of("rust", SOURCE, "dig").is_nested
    assert not entity_of("rust", SOURCE, "len").overrides
    assert [each.name for each in entity_of("rust", SOURCE, "row").parameters] == ["at"]


def test_documentation_stands_above_attributes_and_below_other_comments() -> None:
    text = documented("rust", SOURCE, "/// What.", "Bed", "stop")
    assert (
        "// Not a documentation.\n/// What.\n#[derive(Debug)]\n// Nor this.\n#[repr(C)]\npub struct" in text
    )
    assert "\n    /// What.\n    fn stop" in text


@pytest.mark.parametrize(
    ("above", "documentation"),
    [
        ("/// One.\n/// Two.\n", "/// One.\n/// Two."),
        ("/** Block. */\n#[inline]\n\n", "/** Block. */"),
        ("/// Kept.\n// plain\n", "/// Kept."),
        ("/// First.\n#[inline]\n/// Second.\n", "/// First."),
        ('#[doc = "So."]\n', '#[doc = "So."]'),
        ("#[doc(hidden)]\n", None),
        ("// plain\n/* plain */\n//// plain\n", None),
    ],
)
def test_what_is_documentation(above: str, documentation: str | None) -> None:
    found = entity_of("rust", f"use x;\n{above}fn f() {{}}\n", "f").documentation
    assert (found.text if found else None) == documentation


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", "//! D.\n\nuse x;\n"),
        ("// Copyright me.\n", "// Copyright me.\n\n//! D.\n\nuse x;\n"),
        ("// Whoever.\n\n", "// Whoever.\n\n//! D.\n\nuse x;\n"),
        ("// About what is below.\n", "//! D.\n\n// About what is below.\nuse x;\n"),
        ("#!/usr/bin/env run\n", "#!/usr/bin/env run\n\n//! D.\n\nuse x;\n"),
        ("#![no_std]\n", "//! D.\n\n#![no_std]\nuse x;\n"),
        ("/// Of the item.\n", "//! D.\n\n/// Of the item.\nuse x;\n"),
    ],
)
def test_place_of_a_file(head: str, expected: str) -> None:
    assert documented("rust", f"{head}use x;\n", "//! D.", "") == expected


def test_documentation_of_a_file() -> None:
    entity = entities_of("rust", "// Licence.\n\n#![no_std]\n//! One.\n//! Two.\n\nuse x;\n")[0]
    assert entity.kind is EntityKind.MODULE
    assert entity.documentation is not None
    assert entity.documentation.text == "//! One.\n//! Two."


def test_file_with_nothing_but_attributes() -> None:
    assert (
        documented("rust", "// Licence.\n\n#![no_std]\n", "//! D.", "")
        == "// Licence.\n\n//! D.\n\n#![no_std]\n"
    )


@pytest.mark.parametrize("text", ["", "// Nothing but this.\n", "#!/usr/bin/env run\n// Nothing but this.\n"])
def test_file_without_code(text: str) -> None:
    assert entities_of("rust", text) == ()


def test_errors_are_told() -> None:
    assert not entity_of("rust", "fn f(a: ) {}\n", "f").is_sound


@pytest.mark.parametrize(
    "source", [SOURCE, SOURCE.replace("\n", "\r\n"), "impl A { fn f() {} fn g() {} }\nmod m { fn h() {} }\n"]
)
def test_documentation_is_found_again(source: str) -> None:
    assert comes_back("rust", source, ("//! About.", "/// What."))


def test_nesting_without_end() -> None:
    source = (
        "fn f() { g("
        + "(" * 20_000
        + "1"
        + ")" * 20_000
        + ") }\nfn h() {"
        + "{" * 20_000
        + "}" * 20_000
        + "}\n"
    )
    assert [entity.name for entity in entities_of("rust", source)] == ["", "f", "h"]
