"""Definitions in C and C++: what is declared, what its parts are called, and where its doc comments go."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind, Place, Returned
from tests.docstring_sources import comes_back, documented, entities_of, entity_of

HEADER = """\
/* Copyright the sailors. */
#ifndef BOAT_H
#define BOAT_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A boat.
 */
typedef struct boat {
    int (*steer)(int);
} boat_t;

typedef struct { int x; } rope;

enum tide { EBB, FLOW };

// Plain.
int sail(struct boat *boat, const char *const *ports, int speed[10], void (*done)(int), unsigned, ...);

static inline boat_t *launch(void) { return 0; }
static void leak(register int rate);
int sink(int depth);
int (*course(int angle))(int);
int (*hook)(int);
int left, right(int degrees);

#ifdef __cplusplus
}
#endif
#endif
"""

SOURCE = """\
namespace sea {

// NOLINTNEXTLINE
template <typename T, int N, class... Rest, template <class> class Box, typename U = int>
[[nodiscard]] static inline auto cast(T&& net, int (&holes)[3], std::function<void(int)> fn, int depth = N + 1) -> T {
    throw std::runtime_error("torn");
}

class Ship final : public Boat {
    int hidden();

public:
    explicit Ship(int mast) : mast_(mast) {}
    ~Ship() override = default;
    virtual const Hull &hull() const override;
    virtual int *deck(int) = 0;
    bool operator==(const Ship &other) const;
    operator const char *() const;
    template <class... Args>
    void load(Args... args);
    friend void board(int crew);
    int mast_;

    struct Cabin {
        void lock();
    };

private:
    void scuttle();
};

namespace {
void quiet();
}

}  // namespace sea

sea::Ship::Ship(double keel) : mast_(0) {}

template <typename T>
template <typename V>
void sea::Hold<T>::fill(V cargo) {}

TEST(Ship, Floats) { CHECK(true); }

extern "C" int anchor(int chain) { return chain; }

union Flag { int red; };
struct Later;
enum class Wind : int { North };
"""


def test_whole_entity_of_a_function_in_c() -> None:
    start = HEADER.index("int sail(")
    assert entity_of("c", HEADER, "sail") == Entity(
        kind=EntityKind.FUNCTION,
        name="sail",
        start=start,
        end=HEADER.index(";", start) + 1,
        header_end=HEADER.index(";", start),
        parameters=(
            Parameter(name="boat", type="struct boat *"),
            Parameter(name="ports", type="const char *const *"),
            Parameter(name="speed", type="int [10]"),
            Parameter(name="done", type="void (*)(int)"),
        ),
        returns=Returned("int"),
        place=Place(start, "", after="\n"),
    )


@pytest.mark.parametrize(
    ("name", "kind", "returns", "is_public"),
    [
        ("boat", EntityKind.CLASS, None, True),
        ("rope", EntityKind.CLASS, None, True),
        ("tide", EntityKind.CLASS, None, True),
        ("launch", EntityKind.FUNCTION, "boat_t *", True),
        ("leak", EntityKind.FUNCTION, None, False),
        ("sink", EntityKind.FUNCTION, "int", True),
        ("course", EntityKind.FUNCTION, "", True),
    ],
)
def test_what_it_is_in_c(name: str, kind: EntityKind, returns: str | None, is_public: bool) -> None:
    entity = entity_of("c", HEADER, name)
    assert entity.kind is kind
    assert (entity.returns.type if entity.returns else None) == returns
    assert entity.is_public is is_public


def test_variables_and_mixed_declarations_are_no_functions() -> None:
    assert {entity.name for entity in entities_of("c", HEADER)}.isdisjoint({"hook", "right", "left", "steer"})


def test_whole_entity_of_a_template() -> None:
    start = SOURCE.index("template <typename T, int N")
    assert entity_of("cpp", SOURCE, "cast") == Entity(
        kind=EntityKind.FUNCTION,
        name="cast",
        start=start,
        end=SOURCE.index("\n\nclass Ship"),
        header_end=SOURCE.index(" {\n    throw"),
        parameters=(
            Parameter(name="net", type="T&&"),
            Parameter(name="holes", type="int (&)[3]"),
            Parameter(name="fn", type="std::function<void(int)>"),
            Parameter(name="depth", type="int", default="N + 1", is_optional=True),
        ),
        type_parameters=("T", "N", "Rest", "Box", "U"),
        returns=Returned("T"),
        raises=("std::runtime_error",),
        place=Place(SOURCE.index("// NOLINT"), "", after="\n"),
    )


@pytest.mark.parametrize(
    ("number", "kind", "qualified", "returns", "is_public"),
    [
        (1, EntityKind.CLASS, "Ship", None, True),
        (2, EntityKind.METHOD, "Ship.hidden", "int", False),
        (3, EntityKind.CONSTRUCTOR, "Ship.Ship", None, True),
        (4, EntityKind.METHOD, "Ship.~Ship", None, True),
        (5, EntityKind.METHOD, "Ship.hull", "const Hull &", True),
        (6, EntityKind.METHOD, "Ship.deck", "int *", True),
        (7, EntityKind.METHOD, "Ship.operator==", "bool", True),
        (8, EntityKind.METHOD, "Ship.operator const char *", "const char *", True),
        (9, EntityKind.METHOD, "Ship.load", None, True),
        (10, EntityKind.CLASS, "Ship.Cabin", None, True),
        (11, EntityKind.METHOD, "Cabin.lock", None, True),
        (12, EntityKind.METHOD, "Ship.scuttle", None, False),
        (13, EntityKind.FUNCTION, "quiet", None, False),
        (14, EntityKind.CONSTRUCTOR, "Ship.Ship", None, True),
        (15, EntityKind.METHOD, "Hold.fill", None, True),
        (16, EntityKind.FUNCTION, "anchor", "int", True),
        (17, EntityKind.CLASS, "Flag", None, True),
        (18, EntityKind.CLASS, "Wind", None, True),
    ],
)
def test_what_it_is_in_cpp(
    number: int, kind: EntityKind, qualified: str, returns: str | None, is_public: bool
) -> None:
    entities = entities_of("cpp", SOURCE)
    assert len(entities) == 19
    entity = entities[number]
    assert (entity.kind, entity.qualified_name) == (kind, qualified)
    assert (entity.returns.type if entity.returns else None) == returns
    assert entity.is_public is is_public
    assert entity.is_sound


def test_marks_of_methods() -> None:
    assert entity_of("cpp", SOURCE, "hull").overrides
    assert not entity_of("cpp", SOURCE, "deck").overrides
    assert entity_of("cpp", SOURCE, "load").type_parameters == ("Args",)
    assert entity_of("cpp", SOURCE, "load").parameters == (
        Parameter(name="args", type="Args...", kind=ParameterKind.VARIADIC),
    )
    # The first template is that of the class.
    assert entity_of("cpp", SOURCE, "fill").type_parameters == ("V",)
    assert SOURCE[: entity_of("cpp", SOURCE, "~Ship").header_end].endswith("~Ship() override")


@pytest.mark.parametrize(
    ("declarator", "names"),
    [
        ("f(void)", []),
        ("f(int, char *)", []),
        ("f(int a, int)", ["a"]),
        ("f(void (*const *deep)(int a, int b), int (*rows)[4])", ["deep", "rows"]),
        ("(f)(int a)", ["a"]),
        ("*f(int a[], char **b)", ["a", "b"]),
        ("f(struct s { int x; } y)", ["y"]),
        ("f(int a) __attribute__((unused))", ["a"]),
    ],
)
def test_names_of_parameters(declarator: str, names: list[str]) -> None:
    [entity] = [each for each in entities_of("c", f"int {declarator};\n") if each.kind is EntityKind.FUNCTION]
    assert entity.name == "f"
    assert [each.name for each in entity.parameters] == names


def test_old_style_parameters_are_left_alone() -> None:
    assert not entity_of("c", "int f(a, b) int a; char b; { return a; }\n", "f").is_sound


@pytest.mark.parametrize(
    ("source", "returns"),
    [
        ("auto f() { return 1; }", Returned()),
        ("auto f() { auto g = [] { return 1; }; }", None),
        ("auto f() -> void;", None),
        ("auto f() -> std::vector<int>;", Returned("std::vector<int>")),
        ("void *f();", Returned("void *")),
        ("static const unsigned long f();", Returned("const unsigned long")),
    ],
)
def test_what_comes_back(source: str, returns: Returned | None) -> None:
    assert entity_of("cpp", source + "\n", "f").returns == returns


@pytest.mark.parametrize(
    ("body", "raises"),
    [
        ("throw A(); throw b::C<int>{1}; throw A();", ("A", "b::C<int>")),
        ("throw std::logic_error(x); throw; throw e; throw make(); throw 1;", ("std::logic_error",)),
        ("try { throw A(); } catch (const A& e) { throw B(); }", ("B",)),
        ("try { throw A(); } catch (...) {}", ()),
        ("try { throw A(); } catch (const std::exception&) {}", ()),
        ("try { throw A(); } catch (const B&) {}", ("A",)),
        ("auto g = [] { throw A(); };", ()),
    ],
)
def test_what_is_thrown(body: str, raises: tuple[str, ...]) -> None:
    assert entity_of("cpp", f"void f() {{ {body} }}\n", "f").raises == raises


def test_prototype_is_documented_and_not_its_definition() -> None:
    source = "int f(int a);\nint g(int a) { return a; }\nint f(int a) { return a; }\n"
    assert [(each.name, each.is_overload) for each in entities_of("c", source)] == [
        ("f", False),
        ("g", False),
        ("f", True),
    ]


def test_documentation_stands_above_templates_and_directives_and_below_other_comments() -> None:
    text = documented("cpp", SOURCE, "/** D. */", "cast", "load", "anchor", "hull")
    assert "\n/** D. */\n// NOLINTNEXTLINE\ntemplate <typename T" in text
    assert "\n    /** D. */\n    template <class... Args>" in text
    assert '\n/** D. */\nextern "C" int anchor' in text
    assert "// Plain.\n/** D. */\nint sail" in documented("c", HEADER, "/** D. */", "sail")


@pytest.mark.parametrize(
    ("above", "documentation"),
    [
        ("/** D. */\n", "/** D. */"),
        ("/*! D. */\n// NOLINTNEXTLINE\n", "/*! D. */"),
        ("/// A.\n/// B.\n", "/// A.\n/// B."),
        ("//! A.\n//! B.\n// plain\n", "//! A.\n//! B."),
        ("/* D. */\n", None),
        ("// D.\n", None),
        ("/**/\n", None),
        ("/***********/\n", None),
        ("//////////\n", None),
        ("int x; ///< X.\n", None),
        ("int x;\n///< X.\n", None),
        ("/** D. */\n\n", None),
    ],
)
def test_what_is_documentation(above: str, documentation: str | None) -> None:
    found = entity_of("cpp", f"int y;\n{above}void f();\n", "f").documentation
    assert (found.text if found else None) == documentation


@pytest.mark.parametrize(
    "source",
    [
        "int x \\\n;\nint \\\nf();\n".replace("int \\\nf", "; \\\nint f"),
        "/* note */ int f();\n",
        "class A { public: int f(); };\n",
    ],
)
def test_no_place_where_a_line_would_have_to_change(source: str) -> None:
    assert entity_of("cpp", source, "f").place is None


@pytest.mark.parametrize(
    "declaration",
    [
        "BOAT_EXPORT int f(int a);",
        "BOAT_EXPORT struct boat *f(int a);",
        "int BOAT_CALL f(int a);",
        "int f(int a) BOAT_QUIET;",
        "int f(int a) BOAT_FORMAT(1, (2)) BOAT_QUIET;",
        "__BEGIN_DECLS\nint f(int a);",
        'const char *text = "/*"; BOAT_EXPORT\nint f(int a);',
    ],
)
def test_macros_in_declarations_are_seen_through(declaration: str) -> None:
    entity = entity_of("c", declaration + "\n", "f")
    assert entity.is_sound
    assert [each.name for each in entity.parameters] == ["a"]
    assert entity.returns is not None


def test_documentation_stands_above_a_macro() -> None:
    source = "/* BOAT_EXPORT int x; */\nBOAT_EXPORT int f(int a);\n"
    assert documented("c", source, "/** D. */", "f") == (
        "/* BOAT_EXPORT int x; */\n/** D. */\nBOAT_EXPORT int f(int a);\n"
    )


def test_classes_with_macros_are_seen_through() -> None:
    source = (
        "class BOAT_EXPORT Ship : public Boat {\n    Q_OBJECT\n\npublic slots:\n    void sail();\n\n"
        "signals:\n    void arrived(int port);\n\nprivate:\n    BOAT_EXPORT ~Ship();\n};\n"
    )
    assert [(each.qualified_name, each.is_sound, each.is_public) for each in entities_of("cpp", source)] == [
        ("Ship", True, True),
        ("Ship.sail", True, True),
        ("Ship.arrived", True, True),
        ("Ship.~Ship", True, False),
    ]


def test_type_in_capitals_is_no_macro() -> None:
    source = "BOAT_TYPE f(BOAT_TYPE a) { return a; }\nint broken( { }\n"
    assert entities_of("c", source)[0].returns == Returned("BOAT_TYPE", "a")


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("c", HEADER),
        ("cpp", SOURCE),
        ("cpp", SOURCE.replace("\n", "\r\n")),
        ("cpp", "namespace a { void f(); } struct B { int g(); void h(); };\n"),
    ],
)
def test_documentation_is_found_again(language: str, source: str) -> None:
    assert comes_back(language, source, ("/** D. */", "/** D. */"))


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_nesting_without_end(language: str) -> None:
    source = (
        "int f() { return " + "(" * 20_000 + "1" + ")" * 20_000 + "; }\n"
        "int " + "(" * 20_000 + "deep" + ")" * 20_000 + "(int a);\nint g(int a);\n"
    )
    assert [entity.name for entity in entities_of(language, source)] == ["f", "g"]


def test_a_specialization_within_a_class_is_called_like_what_it_specializes() -> None:
    source = (
        "template <typename T>\nclass strand::invoker<T, typename enable_if<is_ok<T>::value>::type> { };\n"
    )
    assert [each.name for each in entities_of("cpp", source)] == ["invoker"]


@pytest.mark.parametrize(
    "above",
    [
        "/** @} */",
        "/** @{ */",
        "/**@{*/",
        "/// @}",
        "//! \\}",
        "/** @name Sails\n * @{\n */",
        "/**\n * @file boat.h\n * Boats.\n */",
        "/**\n * Boats, by the sailors.\n *\n * \\file boat.h\n */",
        "/*!\n \\mainpage Boats\n\n All of them. */",
        "/** @page sea The sea */",
        "/** @addtogroup boats\n *  @{ */",
        "/** @defgroup boats Boats */",
        "/** @cond INTERNAL */",
        "/** @endcond */",
        "/** @dir src */",
        "/// @file\n/// Boats.",
    ],
)
def test_marks_of_files_and_groups_document_nobody(above: str) -> None:
    source = f"{above}\nint sail(int speed);\n"
    assert entity_of("c", source, "sail").documentation is None
    assert (
        documented("c", source, "/** Sails. */", "sail") == f"{above}\n/** Sails. */\nint sail(int speed);\n"
    )


@pytest.mark.parametrize(
    ("above", "documentation"),
    [
        ("/// @}\n/// Sails.\n/// Far.", "/// Sails.\n/// Far."),
        ("/** Sails.\n * @ingroup boats */", "/** Sails.\n * @ingroup boats */"),
        ("/** Sails.\n * @section far Far */", "/** Sails.\n * @section far Far */"),
        ("/** Sails, by @file or name. */", "/** Sails, by @file or name. */"),
        ("/** @{ */\n/** Sails. */", "/** Sails. */"),
        (
            "/**\n * sail - sails\n * @file: the log\n * @page: of it\n */",
            "/**\n * sail - sails\n * @file: the log\n * @page: of it\n */",
        ),
    ],
)
def test_documentation_next_to_marks_is_documentation(above: str, documentation: str) -> None:
    found = entity_of("c", f"{above}\nint sail(int speed);\n", "sail").documentation
    assert found is not None
    assert found.text == documentation


@pytest.mark.parametrize(
    "behind", ["/**< Sails. */", "/*!< Sails. */", "///< Sails.", "//!< Sails.\n    ///< Far."]
)
def test_documentation_behind_a_declaration_is_its_own(behind: str) -> None:
    source = f"struct boat {{\n    int sail(int speed); {behind}\n    int sink();\n}};\n"
    found = entity_of("cpp", source, "sail").documentation
    assert found is not None
    assert found.text == behind
    assert entity_of("cpp", source, "sink").documentation is None


def test_a_type_is_documented_behind_its_semicolon() -> None:
    found = entity_of("cpp", "struct boat { int x; }; ///< Floats.\nint sink();\n", "boat").documentation
    assert found is not None
    assert found.text == "///< Floats."


def test_parameters_that_the_signature_describes_are_known() -> None:
    source = "int sail(int speed, /**< [in] How fast. */\n         int angle, int depth ///< How deep.\n);\n"
    assert [(one.name, one.is_described) for one in entity_of("c", source, "sail").parameters] == [
        ("speed", True),
        ("angle", False),
        ("depth", True),
    ]


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("int a, T&& token DEFAULT_TOKEN(executor_type)", ["a", "token"]),
        ("const T& token DEFAULT_TOKEN(wide<T, 3>()), int b", ["token", "b"]),
        ("const char *name NONNULL(1), int SIZE", ["name", "SIZE"]),
        ("const std::vector<int>& C, int N = MOST(3)", ["C", "N"]),
    ],
)
def test_a_macro_behind_a_name_is_no_name(listed: str, names: list[str]) -> None:
    entity = entity_of("cpp", f"template <typename T>\nint await({listed});\n", "await")
    assert entity.is_sound
    assert [parameter.name for parameter in entity.parameters] == names


LOST = """\
#ifndef BOAT_H
#if __HAVE_SEA && __SEA_USE (SALT_WATER)
#endif
#ifdef __USE_SAILS
extern char *hoist (char *sail) __NOTHROW __wind ((1));
# ifdef __USE_SAILS
# endif
#endif
#if (defined __USE_OARS && !defined __USE_SAILS) \\
    || defined __USE_ALL
extern int row (double speed, int *__restrict where,
     unsigned length) __NOTHROW __wind ((3, 4, 5));
extern int steer (double speed,
      char *__restrict log, unsigned length)
     __NOTHROW __wind ((3, 4, 5));
extern int drift (double speed,
     const char *__restrict log, unsigned n) __NOTHROW;
     __NOTHROW
  __tide (__ebb__, 1, 3)
  __moon ((__full__, 2));
#ifdef __USE_SAILS
extern int moor (const char *port) __NOTHROW __wind ((1)) __calm;
#endif
"""
"""Without its macros the parser reads nothing of it."""


def test_what_is_read_with_macros_is_not_lost_without_them() -> None:
    assert [entity.name for entity in entities_of("c", LOST) if entity.is_sound] == ["hoist"]
