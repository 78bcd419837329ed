"""Java's definitions: types, their members, what these throw, and where Javadoc goes."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind, Place, Returned
from tests.docstring_sources import comes_back, documented, entities_of, entity_of

SOURCE = """\
/* Copyright the bakers. */
package bread;

import java.io.IOException;

/** Bakes. */
@Warm(degrees = 220)
public abstract class Oven<T extends Dough, @Hot U> extends Stove {
    // Plain.
    @Deprecated
    public <K> int bake(Oven<T, U> this, final int minutes, String[] names[], @Hot T... loaves)
            throws IOException, Stove.Broken {
        if (minutes < 0) throw new IllegalArgumentException("minutes");
        return 0;
    }

    protected Oven() { super(); }

    // NOSONAR
    abstract void preheat();

    @Override
    public String toString() { return ""; }

    private static class Tray {
        public void clean() {}
    }

    Runnable later = new Runnable() { public void run() {} };
}

record Loaf<T>(int weight, @Hot String name, int... cuts) {
    public Loaf {
        if (weight < 0) throw new Empty();
    }
}

public interface Baker {
    int knead(int times);
    private void rest() {}
}

public enum Crust {
    SOFT { void crack() {} }, HARD;

    public boolean isLoud() { return true; }
}

public @interface Hot {
    String value() default "x";
}
"""


def test_whole_entity_of_a_method() -> None:
    start = SOURCE.index("@Deprecated")
    assert entity_of("java", SOURCE, "bake") == Entity(
        kind=EntityKind.METHOD,
        name="bake",
        owner="Oven",
        start=start,
        end=SOURCE.index("\n\n    protected Oven"),
        header_end=SOURCE.index(" {\n        if (minutes"),
        parameters=(
            Parameter(name="minutes", type="int"),
            Parameter(name="names", type="String[][]"),
            Parameter(name="loaves", type="T", kind=ParameterKind.VARIADIC),
        ),
        type_parameters=("K",),
        returns=Returned("int"),
        raises=("IOException", "Stove.Broken", "IllegalArgumentException"),
        place=Place(start, "    ", after="\n    "),
    )


@pytest.mark.parametrize(
    ("number", "kind", "qualified", "is_public"),
    [
        (0, EntityKind.CLASS, "Oven", True),
        (1, EntityKind.METHOD, "Oven.bake", True),
        (2, EntityKind.CONSTRUCTOR, "Oven.Oven", True),
        (3, EntityKind.METHOD, "Oven.preheat", False),
        (4, EntityKind.METHOD, "Oven.toString", True),
        (5, EntityKind.CLASS, "Oven.Tray", False),
        (6, EntityKind.METHOD, "Tray.clean", False),
        (7, EntityKind.CLASS, "Loaf", False),
        (8, EntityKind.CONSTRUCTOR, "Loaf.Loaf", False),
        (9, EntityKind.CLASS, "Baker", True),
        (10, EntityKind.METHOD, "Baker.knead", True),
        (11, EntityKind.METHOD, "Baker.rest", False),
        (12, EntityKind.CLASS, "Crust", True),
        (13, EntityKind.METHOD, "Crust.isLoud", True),
        (14, EntityKind.CLASS, "Hot", True),
        (15, EntityKind.METHOD, "Hot.value", True),
    ],
)
def test_what_it_is(number: int, kind: EntityKind, qualified: str, is_public: bool) -> None:
    entities = entities_of("java", SOURCE)
    assert len(entities) == 16
    entity = entities[number]
    assert (entity.kind, entity.qualified_name, entity.is_public) == (kind, qualified, is_public)


def test_records_and_their_constructors_have_components() -> None:
    record, constructor = entities_of("java", SOURCE)[7:9]
    assert [(each.name, each.type) for each in record.parameters] == [
        ("weight", "int"),
        ("name", "String"),
        ("cuts", "int"),
    ]
    assert constructor.parameters == record.parameters
    assert constructor.raises == ("Empty",)
    assert record.type_parameters == ("T",)


def test_generics_of_a_class() -> None:
    assert entities_of("java", SOURCE)[0].type_parameters == ("T", "U")


def test_overriding_is_told() -> None:
    assert entity_of("java", SOURCE, "toString").overrides
    assert not entity_of("java", SOURCE, "preheat").overrides


@pytest.mark.parametrize(
    ("body", "raises"),
    [
        ("throw new A(); throw new b.C<D>();", ("A", "b.C<D>")),
        ("throw new A(); throw new A();", ("A",)),
        ("throw problem;", ()),
        ("throw make();", ()),
        ("try { throw new A(); } catch (A e) { throw new B(); }", ("B",)),
        ("try { throw new A(); } catch (x.A | B e) {}", ()),
        ("try { throw new A(); } catch (B e) {} finally { throw new C(); }", ("A", "C")),
        ("try { throw new A(); } catch (Exception e) {}", ()),
        ("try (R r = open()) { throw new A(); } catch (Throwable e) {}", ()),
        ("try { try { throw new A(); } catch (B e) {} } catch (A e) {}", ()),
        ("run(() -> { throw new A(); });", ()),
        ("new Object() { void g() { throw new A(); } };", ()),
    ],
)
def test_what_is_thrown(body: str, raises: tuple[str, ...]) -> None:
    assert entity_of("java", f"class X {{ void f() {{ {body} }} }}\n", "f").raises == raises


def test_documentation_stands_above_annotations_and_directives_and_below_other_comments() -> None:
    text = documented("java", SOURCE, "/** D. */", "bake", "preheat")
    assert "    // Plain.\n    /** D. */\n    @Deprecated\n    public <K>" in text
    assert "    /** D. */\n    // NOSONAR\n    abstract void" in text


@pytest.mark.parametrize(
    ("above", "documentation"),
    [
        ("/** D. */\n", "/** D. */"),
        ("/**\n * D.\n */\n// plain\n", "/**\n * D.\n */"),
        ("/* D. */\n", None),
        ("/**/\n", None),
        ("/*** D. ***/\n", None),
        ("/** D. */\n\n", None),
    ],
)
def test_what_is_documentation(above: str, documentation: str | None) -> None:
    found = entity_of("java", f"import x;\n{above}class F {{}}\n", "F").documentation
    assert (found.text if found else None) == documentation


def test_package_has_a_file_of_its_own() -> None:
    assert documented("java", "// L.\n\n@Nice\npackage a.b;\nimport c;\n", "/** D. */", "") == (
        "// L.\n\n/** D. */\n@Nice\npackage a.b;\nimport c;\n"
    )
    assert [entity.name for entity in entities_of("java", "package a;\nclass B {}\n")] == ["B"]


def test_errors_are_told() -> None:
    assert not entity_of("java", "class A { void f( { } }\n", "f").is_sound


@pytest.mark.parametrize(
    "source", [SOURCE, SOURCE.replace("\n", "\r\n"), "class A { int f() { return 1; } void g() {} }\n"]
)
def test_documentation_is_found_again(source: str) -> None:
    assert comes_back("java", source, ("/** A. */", "/** A. */"))


def test_nesting_without_end() -> None:
    source = "class A { int f() { return " + "(" * 20_000 + "1" + ")" * 20_000 + "; } }\n"
    assert [entity.name for entity in entities_of("java", source)] == ["A", "f"]


def test_documentation_in_markdown_is_documentation() -> None:
    text = "/// Does it.\n    ///\n    /// And more."
    source = f"class A {{\n    // Not.\n    {text}\n    @Deprecated\n    int f(int a) {{ return a; }}\n}}\n"
    documentation = entity_of("java", source, "f").documentation
    assert documentation is not None
    assert documentation.text == text


def test_a_line_of_slashes_is_ornament() -> None:
    assert entity_of("java", "//////////\nclass A {}\n", "A").documentation is None
