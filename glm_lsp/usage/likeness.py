"""How much of a text can still be found in another: edit distance to the part of it that comes nearest."""

from __future__ import annotations


def distance_within(pattern: str, text: str) -> int:
    """Least number of characters to insert, delete or replace to turn some part of `text` into `pattern`.

    At most `len(pattern)`: the empty part is one, too. One step per character of `text`, each over all of the pattern
    at once, as a number of so many bits (Myers 1999).
    """
    if pattern in text:
        return 0
    everywhere = (1 << len(pattern)) - 1
    last = 1 << (len(pattern) - 1)
    places: dict[str, int] = {}
    for number, char in enumerate(pattern):
        places[char] = places.get(char, 0) | 1 << number
    # Bit i: the distance of the first i + 1 characters is by one larger, or smaller, than that of the first i.
    larger, smaller = everywhere, 0
    distance = best = len(pattern)
    for char in text:
        match = places.get(char, 0)
        across = (((match & larger) + larger) ^ larger) | match
        grows = smaller | (everywhere & ~(across | larger))
        shrinks = larger & across
        distance += bool(grows & last) - bool(shrinks & last)
        best = min(best, distance)
        grows, shrinks = grows << 1, shrinks << 1
        match |= smaller
        larger = (shrinks | ~(match | grows)) & everywhere
        smaller = grows & match & everywhere
    return best
