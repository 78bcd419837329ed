"""English verbs as code uses them, and their forms. The rules are those of spelling; the tables hold what has none."""

from __future__ import annotations

_VERBS_TEXT = """
    abort accept access accumulate acquire activate adapt add adjust advance aggregate align allocate
    allow analyze analyse append apply approve archive arrange ask assemble assert assign attach
    authenticate authorize await backup begin bind block boot bootstrap broadcast build bump bundle
    cache calculate call cancel capture cast change check choose clamp classify clean cleanup clear
    click clip clone close collapse collect colorize combine commit compare compile complete compose
    compress compute concat concatenate configure confirm connect construct consume contain continue
    convert copy count cover crawl create crop cut debug declare decode decompress decrease decrement
    decrypt define delete deliver dequeue derive describe deserialize destroy detach detect determine
    diff disable discard disconnect discover dispatch display dispose distribute divide download draw
    drain drop dump duplicate edit eject embed emit enable encode encrypt end enforce enqueue ensure
    enter enumerate erase escape establish estimate evaluate evict examine execute exit expand expect
    explain export extend extract fail fetch fill filter finalize find finish fire fix flatten flip
    flush focus fold follow force forget fork format forward free freeze gather generate get give go grant
    group grow guess handle hash hide hold identify ignore implement import include increase increment
    indent index infer inform inherit init initialize inject insert inspect install instantiate
    instrument interpolate interpret intersect invalidate invert invoke isolate issue iterate join jump
    keep kill launch lay lex limit link list listen load locate lock log lookup lower make manage
    map mark mask match maximize measure merge migrate minimize mock modify monitor mount move multiply
    name narrate navigate negate normalize notify obtain offset open optimize order override pack pad
    paint parse partition pass paste patch pause peek perform persist pick ping place plan play plot
    poll pop populate post predict prepare prepend preprocess present preserve press prevent print probe
    proceed process produce project promote prompt propagate provide prune publish pull purge push put
    quantize query queue quit quote raise randomize reach read rebuild receive recalculate recompute
    reconcile reconnect record recover redirect redo reduce refresh register reject release reload
    remove rename render reorder repair repeat replace replay report request require reserve reset
    resize resolve respond restart restore restrict resume retain retrieve retry return reverse revert
    revoke rewind rewrite roll rotate round route run sample sanitize save scale scan schedule score
    scroll search seek select send separate serialize serve set setup shift show shrink shuffle shut
    shutdown sign signal simplify simulate skip sleep slice smooth snap solve sort spawn split stack start step
    stop store stream stringify strip submit subscribe subtract suggest sum summarize suppress suspend
    swap switch sync synchronize tag take tear teardown tell terminate test throw throttle tie toggle
    tokenize touch trace track train transfer transform translate transpose traverse trigger trim
    truncate try tune turn unbind undo uninstall union unlink unload unlock unmount unpack unregister
    unset unsubscribe untag unwrap update upgrade upload upsert use validate verify view visit wait wake
    walk warn watch wrap write yield zip zoom
"""
_PLAIN_VERBS = frozenset(_VERBS_TEXT.split())
_NOT_AGAIN = frozenset(["recall", "record", "remark", "research", "resort"])
_LEAST_AGAIN = 4
VERBS = _PLAIN_VERBS | {f"re{verb}" for verb in _PLAIN_VERBS if len(verb) >= _LEAST_AGAIN} - _NOT_AGAIN
"""Of functions' names and summaries, in their plain form."""

_IN_FULL = {
    "alloc": "allocate", "calc": "calculate", "cmp": "compare", "del": "delete", "eval": "evaluate",
    "exec": "execute",
    "init": "initialize", "mk": "make", "prep": "prepare", "rm": "remove", "recv": "receive", "xfer": "transfer",
}  # fmt: skip
_THIRD_PERSON = {"do": "does", "go": "goes", "have": "has", "be": "is"}
_PLAIN = {third: plain for plain, third in _THIRD_PERSON.items()}
_PARTICIPLES = {
    "build": "built", "choose": "chosen", "cut": "cut", "draw": "drawn", "find": "found", "freeze": "frozen",
    "get": "", "give": "given", "grow": "grown", "hide": "hidden", "hold": "held", "keep": "kept", "lay": "laid",
    "make": "made", "overlay": "overlaid", "override": "overridden", "put": "put", "quit": "quit", "read": "read",
    "rebuild": "rebuilt", "redo": "redone", "reset": "reset", "rewind": "rewound", "rewrite": "rewritten",
    "run": "run", "seek": "sought", "send": "sent", "set": "set", "show": "shown", "shrink": "shrunk",
    "split": "split", "take": "taken", "tell": "told", "throw": "thrown", "undo": "undone", "unset": "unset",
    "wake": "woken", "write": "written",
}  # fmt: skip
_DOUBLED_AT_END_TEXT = """
    begin commit emit forget permit refer submit unwrap unzip
"""
_DOUBLED_AT_END = frozenset(_DOUBLED_AT_END_TEXT.split())
_VOWELS = "aeiou"


def in_full(verb: str) -> str:
    """A verb that code cuts short, as it is said."""
    return _IN_FULL.get(verb, verb)


def third_person(verb: str) -> str:
    """What somebody does: "read" gives "reads"."""
    if verb in _THIRD_PERSON:
        return _THIRD_PERSON[verb]
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        doubled = "z" if verb.endswith("z") and not verb.endswith("zz") else ""
        return f"{verb}{doubled}es"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def plain_form(word: str) -> str | None:
    """The known verb whose third person a word is; None for any other word."""
    if word in _PLAIN:
        return _PLAIN[word]
    return _OF_THIRD_PERSON.get(word)


def gerund(verb: str) -> str:
    """The doing of it: "read" gives "reading"."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{_doubled(verb)}ing"


def participle(verb: str) -> str:
    """What has been done to something: "parse" gives "parsed". Empty for verbs that say nothing so."""
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return f"{verb[:-1]}ied"
    return f"{_doubled(verb)}ed"


def _doubled(verb: str) -> str:
    """With its last letter twice, where a short vowel stands before it: "get" gives "gett"."""
    head, before, last = verb[:-2], verb[-2:-1], verb[-1:]
    is_short = bool(head) and last not in (*_VOWELS, "w", "x", "y") and before in _VOWELS
    # "quit" is spoken with one vowel.
    num_vowels = sum(char in _VOWELS for char in head.removeprefix("qu"))
    return verb + last if is_short and (num_vowels == 0 or verb in _DOUBLED_AT_END) else verb


_OF_THIRD_PERSON = {third_person(verb): verb for verb in VERBS}
