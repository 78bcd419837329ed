"""From what an import says to the file it means, within the workspace. Nothing is run to find that out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from glm_lsp.references.location import is_below, joined, parent, root_of

Exists = Callable[[str], bool]
_JS_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs")
_MAX_LEVELS = 32


def resolve(language_id: str, module: str, file: str, roots: Sequence[str], exists: Exists) -> str:
    """The file that a module of an import names; empty if it lies outside of the workspace or nowhere.

    Args:
        language_id: LSP identifier.
        module: as it is written in the importing file.
        file: that file, absolute.
        roots: workspace folders.
        exists: whether there is a file of that path.
    """
    root = root_of(file, roots)
    candidates = _CANDIDATES.get(language_id)
    if not root or candidates is None:
        return ""
    found = (os.path.normpath(path) for path in candidates(module, file, root, exists))
    return next((path for path in found if is_below(root, path) and exists(path)), "")


def _python(module: str, file: str, root: str, exists: Exists) -> Iterator[str]:
    names = module.lstrip(".")
    level = len(module) - len(names)
    parts = [part for part in names.split(".") if part]
    if level:
        folder = file
        for _ in range(level):
            folder = parent(folder)
        yield from _python_files(folder, parts)
        return
    for folder in _above(file, root):
        # A folder that is a package itself is none that modules are looked for in.
        if not exists(joined(folder, "__init__.py")):
            yield from _python_files(folder, parts)
    yield from _python_files(joined(root, "src"), parts)


def _python_files(folder: str, parts: Sequence[str]) -> Iterator[str]:
    if parts:
        yield joined(folder, *parts) + ".py"
        yield joined(folder, *parts) + ".pyi"
    yield joined(folder, *parts, "__init__.py")


def _javascript(module: str, file: str, _root: str, _exists: Exists) -> Iterator[str]:
    if not module.startswith("."):
        return
    path = joined(parent(file), *module.split("/"))
    stem, ending = os.path.splitext(path)  # noqa: PTH122
    if ending in (".js", ".jsx", ".mjs", ".cjs"):
        # TypeScript imports `./x.js` and means `x.ts`.
        yield from (stem + other for other in (".ts", ".tsx") if ending != ".cjs")
    yield path
    yield from (path + other for other in _JS_ENDINGS)
    yield from (joined(path, "index" + other) for other in _JS_ENDINGS)


def _rust(module: str, file: str, root: str, exists: Exists) -> Iterator[str]:
    parts = module.split("::")
    base = _rust_folder(file)
    if parts[0] == "crate":
        base = next(
            (
                folder
                for folder in _above(file, root)
                if exists(joined(folder, "lib.rs")) or exists(joined(folder, "main.rs"))
            ),
            "",
        )
        parts = parts[1:]
    elif parts[0] in ("self", "super"):
        while parts and parts[0] in ("self", "super"):
            base = parent(base) if parts.pop(0) == "super" else base
    else:
        return
    if not base:
        return
    # The last parts of a path may be types within a module.
    for end in range(len(parts), -1, -1):
        if end:
            yield joined(base, *parts[:end]) + ".rs"
        yield joined(base, *parts[:end], "mod.rs")
    yield joined(base, "lib.rs")
    yield joined(base, "main.rs")


def _rust_folder(file: str) -> str:
    """Where the modules of a file lie."""
    stem = os.path.splitext(os.path.basename(file))[0]  # noqa: PTH119, PTH122
    return parent(file) if stem in ("mod", "lib", "main") else joined(parent(file), stem)


def _java(module: str, file: str, root: str, _exists: Exists) -> Iterator[str]:
    """`a.b.C`: below whatever folder of the importing file's path holds the package."""
    for folder in _above(file, root):
        yield joined(folder, *module.split(".")) + ".java"


def _above(file: str, root: str) -> Iterator[str]:
    """The folders a file lies in, innermost first, up to the root."""
    folder = parent(file)
    for _ in range(_MAX_LEVELS):
        yield folder
        if folder == root or not is_below(root, folder):
            return
        folder = parent(folder)


_CANDIDATES: dict[str, Callable[[str, str, str, Exists], Iterator[str]]] = {
    "python": _python,
    "javascript": _javascript,
    "javascriptreact": _javascript,
    "typescript": _javascript,
    "typescriptreact": _javascript,
    "rust": _rust,
    "java": _java,
}
