"""What examples are made of and by which shares: documents, examples, the mix."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Document:
    """One source file of the corpus; `path` is relative to its package."""

    package: str
    path: str
    language: str
    text: str

    @property
    def is_exemplary(self) -> bool:
        """Whether most functions have type hints and about a third of them docstrings (Python only)."""
        functions = self.text.count("def ")
        hinted, documented = self.text.count(") -> "), self.text.count(':\n        """')
        documented += self.text.count(':\n    """')
        return self.language == "python" and functions >= 3 and hinted * 2 >= functions <= documented * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of the spans among infilling examples, and how often parts of the prompt are left out."""

    infill: float = 0.8
    line: float = 0.44
    block: float = 0.24
    docstring: float = 0.12
    body: float = 0.03
    random: float = 0.14
    empty: float = 0.03
    decay_docstring: float = 0.25
    """The share of docstrings while the learning rate falls; the others shrink in proportion."""
    references: float = 0.2
    """Examples that quote other files of the package."""
    drop_path: float = 0.2
    drop_language: float = 0.1
    drop_suffix: float = 0.15
    short: float = 0.4
    """Examples that get less than the whole context: people edit short files too."""
    middle_weight: float = 4.0
    """How much more a token of the middle counts; there are few, and they are what the model is for."""
    double: bool = True
    """Whether files with type hints and docstrings are walked twice in an epoch."""

    def decayed(self) -> Mix:
        """The mix of the decay."""
        others = self.line + self.block + self.body + self.random + self.empty
        scale = (1 - self.decay_docstring) / others if others else 1.0
        return replace(
            self,
            docstring=self.decay_docstring,
            line=self.line * scale,
            block=self.block * scale,
            body=self.body * scale,
            random=self.random * scale,
            empty=self.empty * scale,
        )


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids and, for each, how much its prediction counts; 0 for what the model is not asked to predict."""

    token_ids: list[int]
    weights: list[float]
