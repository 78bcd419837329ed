"""Languages by the identifiers that editors use, and by the names that models know."""

from __future__ import annotations

# CodeGeeX4 was trained with capitalised names; an unknown language leaves the field empty, as its guide allows.
# These are the languages that training, evaluation and the built-in model go by.
LANGUAGE_NAMES = {
    "c": "C", "cpp": "C++", "csharp": "C#", "css": "CSS", "dart": "Dart", "dockerfile": "Dockerfile",
    "go": "Go", "html": "HTML", "java": "Java", "javascript": "JavaScript", "javascriptreact": "JavaScript",
    "json": "JSON", "kotlin": "Kotlin", "lua": "Lua", "makefile": "Makefile", "markdown": "Markdown",
    "perl": "Perl", "php": "PHP", "python": "Python", "r": "R", "ruby": "Ruby", "rust": "Rust", "scala": "Scala",
    "sh": "Shell", "shellscript": "Shell", "sql": "SQL", "swift": "Swift", "toml": "TOML", "typescript": "TypeScript",
    "typescriptreact": "TypeScript", "vue": "Vue", "yaml": "YAML",
}  # fmt: skip

# Others that published models know; identifiers are those of VS Code and of its extensions.
OTHER_LANGUAGE_NAMES = {
    "abap": "Abap", "actionscript": "ActionScript", "ada": "Ada", "agda": "Agda", "alloy": "Alloy", "antlr": "ANTLR",
    "applescript": "AppleScript", "asm": "Assembly", "asm-intel-x86-generic": "Assembly", "awk": "AWK",
    "bluespec": "Bluespec", "clojure": "Clojure", "cmake": "CMake", "cobol": "Cobol", "coffeescript": "CoffeeScript",
    "commonlisp": "Common Lisp", "cuda": "Cuda", "cuda-cpp": "Cuda", "delphi": "Delphi", "elixir": "Elixir",
    "elm": "Elm", "emacs-lisp": "Emacs Lisp", "erlang": "Erlang", "fortran": "Fortran", "fortran-modern": "Fortran",
    "fortranfixedform": "Fortran", "fortranfreeform": "Fortran", "fsharp": "F#", "gdscript": "GDScript", "glsl": "GLSL",
    "groovy": "Groovy", "haskell": "Haskell", "idris": "Idris", "isabelle": "Isabelle", "jsp": "Java Server Pages",
    "julia": "Julia", "latex": "TeX", "lean": "Lean", "lean4": "Lean", "lisp": "Lisp",
    "literate haskell": "Literate Haskell", "mathematica": "Mathematica", "matlab": "Matlab",
    "objective-c": "Objective-C", "objective-cpp": "Objective-C++", "objectpascal": "Pascal", "ocaml": "OCaml",
    "pascal": "Pascal", "powershell": "PowerShell", "prolog": "Prolog", "proto": "Protocol Buffer",
    "proto3": "Protocol Buffer", "racket": "Racket", "restructuredtext": "reStructuredText", "rmd": "RMarkdown",
    "sas": "SAS", "scheme": "Scheme", "smalltalk": "Smalltalk", "sml": "Standard ML", "solidity": "Solidity",
    "sparql": "SPARQL", "stan": "Stan", "stata": "Stata", "systemverilog": "SystemVerilog", "tex": "TeX",
    "thrift": "Thrift", "vb": "Visual Basic", "verilog": "Verilog", "vhdl": "VHDL", "wolfram": "Mathematica",
    "xsl": "XSLT", "zig": "Zig",
}  # fmt: skip


def language_name(language_id: str) -> str:
    """The name of an LSP language identifier, empty for one that is not known."""
    return LANGUAGE_NAMES.get(language_id) or OTHER_LANGUAGE_NAMES.get(language_id.lower(), "")


# The comments that name a language in CodeGeeX2's training, by the form they take (`evaluation/utils.py` of its
# repository). Its table marks Tcl as another language; that one is left out.
_TAG_FORMS = {
    "// language: {}": (
        "C", "C++", "C#", "Cuda", "Dart", "Lua", "Objective-C", "Objective-C++", "Java", "Scala", "PHP", "JavaScript",
        "TypeScript", "Go", "Rust", "Kotlin", "Pascal", "Groovy", "ActionScript", "Solidity", "Cobol", "AWK", "Augeas",
        "F#", "Stan", "GLSL", "ANTLR", "Verilog", "SystemVerilog", "Protocol Buffer", "Bluespec", "Java Server Pages",
        "Mathematica", "Zig", "swift",
    ),
    "# language: {}": (
        "Python", "Perl", "Shell", "Ruby", "R", "GDScript", "Julia", "Elixir", "PowerShell", "SPARQL", "CMake",
        "Dockerfile", "RMarkdown", "YAML", "Makefile", "TCSH", "Maple", "Literate CoffeeScript", "CoffeeScript",
    ),
    "-- language: {}": (
        "SQL", "Lean", "Haskell", "Literate Agda", "Elm", "Idris", "AppleScript", "VHDL", "Agda", "Ada",
    ),
    "% language: {}": ("Prolog", "TeX", "Matlab", "Erlang"),
    "; language: {}": ("Lisp", "Scheme", "Assembly", "Clojure", "Racket", "Emacs Lisp", "Common Lisp"),
    "' language: {}": ("Visual Basic", "Basic", "Excel"),
    "* language: {}": ("Abap", "SAS", "Stata"),
    "/* language: {} */": ("CSS", "Alloy", "Thrift"),
    "<!--language: {}-->": ("Vue", "Markdown", "HTML", "XSLT"),
    "(*language: {}*)": ("Isabelle", "OCaml"),
    "(*language:{}*)": ("Standard ML",),
    "!language: {}": ("Fortran",),
    "{{language: {}}}": ("Delphi",),
    "'' language: {}": ("Smalltalk",),
    ".. language: {}": ("reStructuredText",),
    "> language: {}": ("Literate Haskell",),
}  # fmt: skip

_TAGS = {name.lower(): form.format(name) for form, names in _TAG_FORMS.items() for name in names}


def codegeex2_tag(language: str) -> str:
    """CodeGeeX2's comment for a language, by its name or identifier; empty for one it has none for."""
    return _TAGS.get(language.lower()) or _TAGS.get(language_name(language).lower(), "")
