"""Words that sentences about code end with, and those that a document has."""

from __future__ import annotations

import re

from glm_lsp.docstring.words.name_words import parts_of
from glm_lsp.docstring.words.phrases import is_preposition, singular
from glm_lsp.docstring.words.qualities import is_quality
from glm_lsp.docstring.words.verbs import VERBS, plain_form

_NOUNS_TEXT = """
    am are be been being did do does done given gone had has have is kept made meant seen set taken used was were
    access action address age amount api application area argument array attribute author axis backend base
    batch beginning behavior bit block board body bound box branch browser buffer bug bus button byte cache
    call caller case category cell change channel character child chunk class client clock cluster code
    collection color column command comment community component condition config configuration constant
    container content context copy core corner count country cpu currency cursor cycle data database dataset
    date day default definition degree delay depth design device dictionary digit dimension directory disk
    distance document domain driver edge editor effect element email end engine entity entry environment
    error event example exception expression face factor failure family feature field figure file flag flow
    folder font form format frame framework frequency front function game gap gateway goal grammar graph
    grid group handle head header heap height help hint history home host hour html http icon id identifier
    image index info input instance integer interface item iterator job json key keyboard keyword kind label
    language layer layout leaf left length level library life light limit line list loop loss machine macro
    main map margin mask match matrix member memory menu message meta method metric mode model module moment
    month mouse name namespace network node noise none note nothing notice null number object offset
    operator optimum order origin output owner page pair panel parent part party path pattern peer people
    percent phase phone pixel place plan platform player plot plugin point pointer policy pool port position
    power prefix price process product profile progress project property protocol provider proxy python
    quality quantity query queue range rank rate ratio reader reason record rectangle region registry relay
    report request resource response result right role root round route row rule runtime safety scalar scale
    schema scope score screen script seed segment self sender sequence series server service session set
    shape shell side signal site size slice slot snapshot socket space span spec speed square stack stage
    start state status step stop storage store stream string structure style subject success suffix sum
    support surface symbol syntax system table target task team template term terminal test text theme thing
    thread threshold time timeout timestamp title token tool top topic total trace tree trial type unit
    universe url use user utf uuid value variable vector version view void wall way web weight while widget
    width window word work world wrapper xml yaml year zero zone again all alone also always another any
    anything both each either else empty ever every everything false first found here how it itself last
    later left more most much never new next no none not now null old one only other others own same so some
    something soon such there they third this true twice two what yes
"""
_NOUNS = frozenset(_NOUNS_TEXT.split())
_ENDINGS = (
    "tion", "sion", "ment", "ness", "ance", "ence", "ing", "ity", "ship", "ology", "graphy", "ively", "ally", "ular",
    "able", "ible", "izer", "ator", "iser", "archy", "where", "load", "er", "ized",
    "ised", "ated", "ism", "ist", "ize", "ise",
    "ical",
)  # fmt: skip
_LEAST = 6
_WORD = re.compile(r"[^\W\d]\w*")


def is_common(word: str) -> bool:
    """Whether a word is known without a look at the document, by a table or by its ending.

    Args:
        word: in small letters.
    """
    one = singular(word)
    return (
        one in _NOUNS
        or word in VERBS
        or plain_form(word) is not None
        or is_quality(word)
        or is_preposition(word)
        or (len(one) >= _LEAST and one.endswith(_ENDINGS))
    )


def words_of_text(text: str) -> frozenset[str]:
    """The words of a text and of the names in it, in small letters; their singulars, too."""
    written = set(_WORD.findall(text))
    words = {part.lower() for name in written for part in parts_of(name)} | {name.lower() for name in written}
    return frozenset(words | {singular(word) for word in words})
