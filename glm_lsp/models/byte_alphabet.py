"""The alphabet of byte-level vocabularies: one printable character for each byte, as GPT-2 has it."""

from __future__ import annotations

_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(0x100) if byte not in _PRINTABLE]

CHAR_OF = {byte: chr(byte) for byte in _PRINTABLE} | {
    byte: chr(0x100 + number) for number, byte in enumerate(_OTHERS)
}
"""A byte is written as itself where that is a printable character, else as one from U+0100 on."""

BYTE_OF = {char: byte for byte, char in CHAR_OF.items()}
