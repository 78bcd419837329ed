"""What a Python docstring lacks, put in where its style has it; lines that are there stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.entity import Documentation, Entity, Place
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Part, Skeleton
from glm_lsp.docstring.styles.python_content import Form, Item, Layout, items_of
from glm_lsp.docstring.styles.python_docstring import PythonDocstring
from glm_lsp.docstring.styles.python_section import Section, SectionKind, names_in
from glm_lsp.docstring.styles.python_skeleton import content_of, form_of
from glm_lsp.docstring.styles.python_skeleton import section as written

_ORDER = tuple(SectionKind)
_SIDE_HEADINGS = frozenset(["keyword args", "keyword arguments", "other parameters"])
"""Of sections that list parameters, but not those that are given by position."""


def missing(layouts: Mapping[Style, Layout], entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
    """What an entity's docstring lacks, in its own style, else in the project's.

    Args:
        layouts: of the styles that list anything.
    """
    documentation = entity.documentation
    docstring = PythonDocstring.of(documentation.text, documentation.indent) if documentation else None
    if documentation is None or docstring is None or not docstring.literal.takes_lines:
        return ()
    if not docstring.literal.texts:
        return _filled(layouts.get(dialect.style), documentation, docstring, entity, dialect)
    style = docstring.style or (dialect.style if dialect.has_sections else Style.PLAIN)
    layout = layouts.get(style)
    if layout is None or not all(each.is_readable for each in docstring.of_kind(SectionKind.PARAMETERS)):
        return ()
    form = _form(docstring, dialect, style)
    completion = _Completion(docstring, layout, form)
    for kind, items in items_of(entity).items():
        mentioned = set(_first_words(docstring, docstring.of_kind(kind)))
        lacking = [item for item in items if not _is_mentioned(docstring, style, item, mentioned)]
        if lacking:
            completion.add(kind, lacking, items)
    return completion.insertions(documentation)


def _filled(
    layout: Layout | None,
    documentation: Documentation,
    docstring: PythonDocstring,
    entity: Entity,
    dialect: Dialect,
) -> tuple[Insertion, ...]:
    """All of it, between the quotes of an empty docstring."""
    line, *others = docstring.literal.lines
    if line.text:
        return ()
    content = content_of(layout, entity, dialect, documentation.indent)
    is_short = len(content) == 1 and dialect.is_one_line
    above = ("\n",) if dialect.summary_below and not is_short else ()
    after = "" if others or is_short else "\n" + documentation.indent
    place = Place(documentation.start + line.end, documentation.indent, "", after)
    return (Insertion(place, Skeleton((*above, *content))),)


def _form(docstring: PythonDocstring, dialect: Dialect, style: Style) -> Form:
    """As the docstring has it where it shows that, else as the project."""
    literal, sections = docstring.literal, docstring.sections
    listing = [each for each in sections if each.is_readable and each.names]
    entries = [entry for each in listing for entry in each.entries if each.kind is not SectionKind.RAISES]
    types = any(entry.has_type for entry in entries) if entries else dialect.types
    if not entries and dialect.style is not style:
        types = False
    form = form_of(replace(dialect, types=types), literal.margin)
    first = sections[0] if sections else None
    if first is not None:
        heading = literal.lines[first.first]
        form = replace(form, lead=heading.indent[len(literal.margin) :])
        if (
            style is Style.GOOGLE
            and first.indent.startswith(heading.indent)
            and first.indent != heading.indent
        ):
            form = replace(form, unit=first.indent[len(heading.indent) :])
        if docstring.style is Style.SPHINX:
            form = replace(form, mark=heading.text[0])
    return form


def _is_mentioned(docstring: PythonDocstring, style: Style, item: Item, mentioned: Collection[str]) -> bool:
    """Whether a docstring speaks of something; `mentioned` are the words that may be names, see `_first_words`."""
    sections = docstring.of_kind(item.kind)
    if not item.name:
        # Google's guide: a summary that says what is returned needs no section for it.
        said = docstring.summary.partition(" ")[0].rstrip("s") in ("Return", "Yield")
        return bool(sections) or (style is Style.GOOGLE and said)
    if item.kind is SectionKind.ATTRIBUTES and not sections:
        # Attributes are documented in other places as well.
        return True
    return item.name.rpartition(".")[2] in mentioned


def _first_words(docstring: PythonDocstring, sections: Iterable[Section]) -> Iterable[str]:
    """Names that sections list, and the words that lines in them begin with, in case these are names."""
    for each in sections:
        yield from (name.rpartition(".")[2] for name in each.names)
        for line in docstring.literal.lines[each.first : each.last + 1]:
            if line.indent == each.indent:
                yield from names_in(line.text.partition(" ")[0])[:1]


@dataclass(slots=True)
class _Completion:
    """Collects what goes where.

    Attributes:
        behind: parts by the number of the line that they go behind; each begins with a line break.
        added: of each section that is new, the line that it goes behind.
    """

    docstring: PythonDocstring
    layout: Layout
    form: Form
    behind: dict[int, list[Part]] = field(default_factory=dict)
    added: dict[SectionKind, int] = field(default_factory=dict)

    def add(self, kind: SectionKind, lacking: Sequence[Item], items: Sequence[Item]) -> None:
        """Puts in what one section lacks, or all of it."""
        sections = self.docstring.of_kind(kind)
        if not sections:
            self._add_section(kind, lacking)
        elif all(each.is_readable and each.entries for each in sections):
            main = [each for each in sections if each.heading.lower() not in _SIDE_HEADINGS]
            if len(main) == len(sections):
                self._add_items(sections, lacking, items)
                return
            by_name = [item for item in lacking if item.is_by_name]
            others = [item for item in lacking if not item.is_by_name]
            if others and main:
                self._add_items(main, others, items)
            elif others:
                self._add_section(kind, others)
            self._add_items(sections, by_name, items)

    def _add_items(self, sections: Sequence[Section], lacking: Sequence[Item], items: Sequence[Item]) -> None:
        """Each behind the entry that stands before it in the signature, else ahead of all that stand behind it."""
        listed = [(entry, section) for section in sections for entry in section.entries]
        ends = {name: (entry.last, section) for entry, section in listed for name in entry.names}
        last = max((number for number, item in enumerate(items) if item.name in ends), default=-1)
        wanted = {item.name for item in lacking}
        before: tuple[int, Section] | None = None
        for number, item in enumerate(items):
            if item.name in wanted:
                if number < last and before is None:
                    line, section = listed[0][0].first - 1, sections[0]
                else:
                    line, section = before or (listed[-1][0].last, sections[-1])
                self._put(line, ["\n", *self.layout.item(item, self._form_in(section))])
            before = ends.get(item.name, before)

    def _add_section(self, kind: SectionKind, items: Sequence[Item]) -> None:
        """Behind the sections that come first by custom, else ahead of the others, else at the end."""
        lines, sections = self.docstring.literal.lines, self.docstring.sections
        rank = _ORDER.index(kind)
        gap = self.layout.gap
        line = next(
            (number for each in reversed(_ORDER[:rank]) if (number := self._end(each)) is not None), None
        )
        if line is None:
            later = [each.first for each in sections]
            if self.docstring.style is Style.SPHINX:
                line = min(later) - 1
            else:
                line = max((n for n in range(min(later, default=len(lines))) if lines[n].text), default=-1)
                gap = "\n\n"
        self.added[kind] = line
        self._put(line, [gap, *written(self.layout, kind, items, self.form)])

    def _end(self, kind: SectionKind) -> int | None:
        ends = [each.last for each in self.docstring.of_kind(kind)]
        return max([*ends, self.added[kind]] if kind in self.added else ends, default=None)

    def _form_in(self, section: Section) -> Form:
        """As the entries of a section have it."""
        lines, margin = self.docstring.literal.lines, len(self.docstring.literal.margin)
        heading = lines[section.first].indent
        is_indented = section.indent.startswith(heading) and section.indent != heading
        if is_indented and self.layout.indents_items:
            return replace(self.form, lead=heading[margin:], unit=section.indent[len(heading) :])
        return replace(self.form, lead=section.indent[margin:])

    def _put(self, line: int, parts: Sequence[Part]) -> None:
        self.behind.setdefault(line, []).extend(parts)

    def insertions(self, documentation: Documentation) -> tuple[Insertion, ...]:
        """All of it, by offset; nothing where one of them has no place that is sure to be right."""
        literal = self.docstring.literal
        found = []
        for number in sorted(self.behind):
            if number < 0 or (literal.lines[number].text.endswith("\\") and not literal.is_raw):
                return ()
            line, is_last = literal.lines[number], number == len(literal.lines) - 1
            after = "\n" + literal.margin if is_last else ""
            place = Place(documentation.start + line.end, literal.margin, "", after)
            found.append(Insertion(place, Skeleton(tuple(self.behind[number]))))
        return tuple(found)
