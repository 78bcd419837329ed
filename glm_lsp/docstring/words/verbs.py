"""English verbs as code uses them, and their forms. The rules are those of spelling; the tables hold what has none."""

from __future__ import annotations

_VERBS_TEXT = """
    abort accept access accumulate acquire activate adapt add adjust advance aggregate align
    allocate allow analyse analyze annotate answer append apply approve archive arrange ask assemble
    assert assign attach attempt authenticate authorize await backup begin bind block boot bootstrap
    broadcast build bump bundle cache calculate call cancel canonicalize capture cast change check
    choose clamp classify clean cleanup clear click clip clone close coerce collapse collect
    colorize combine commit compare compile complete compose compress compute concat concatenate
    configure confirm connect construct consume contain continue convert copy count cover crawl
    create crop cut deactivate debug declare decline decode decompile decompose decompress decorate
    decrease decrement decrypt define delete deliver demote deprecate dequeue deregister derive
    describe deserialize destroy detach detect determine diff differ disable discard disconnect
    discover dispatch display dispose distribute divide downgrade download drain draw drive drop
    dump duplicate echo edit eject elect embed emit emulate enable encapsulate encode encrypt end
    enforce enqueue enrich ensure enter enumerate erase escape establish estimate evaluate evict
    examine exclude execute exit expand expect expire explain export extend extract fail feed fetch
    fill filter finalize find finish fire fit fix flatten flip flush focus fold follow force forget
    fork format forward free freeze fuzz gather generate get give go grant greet group grow guess
    halt handle hash hide highlight hold hydrate identify ignore implement import include increase
    increment indent index infer inflate inform inherit init initialize inject insert inspect
    install instantiate instrument interpolate interpret interrupt intersect invalidate invert
    invoke isolate issue iterate join jump keep kill launch lay lead leave lex lift limit link list
    listen load locate lock log login logout lookup lower make manage map mark marshal mask match maximize
    measure merge migrate minimize mock modify monitor mount move multiply mutate name narrate
    navigate negate normalize notify obtain offset open optimize order override overwrite pack pad
    paint park parse partition pass paste patch pause peek perform persist pick ping place plan play
    plot poll pop populate post postprocess predict prefetch preload prepare prepend preprocess
    present preserve press prevent print probe proceed process produce project promote prompt
    propagate propose prove provide prune publish pull purge push put quantize query queue quit
    quote raise randomize reach read reap rebuild recalculate receive recognize recompute reconcile
    reconnect record recover redact redirect redo reduce refresh register reject release reload
    remove rename render reorder repair repeat replace replay report request require reserve reset
    reshape resize resolve respond restart restore restrict resume retain retire retrieve retry
    return reverse revert revise revoke rewind rewrite roll rollback rotate round route run sample sanitize
    satisfy save scale scan schedule score scroll search seek select send separate serialize serve
    set setup shift show shrink shuffle shut shutdown sign signal simplify simulate skip sleep slice
    smooth snap sniff solve sort spawn split squash stack start stash steal step stop store stream
    stringify strip submit subscribe substitute subtract suggest sum summarize support suppress
    surround suspend swallow swap sweep switch sync synchronize tag take tear teardown tell
    terminate test throttle throw tie toggle tokenize touch trace track train transcode transcribe
    transfer transform translate transmit transpose traverse trigger trim truncate try tune turn
    unbind undo unescape uninstall union unlink unload unlock unmarshal unmount unpack unpark unpin
    unregister unset unsubscribe untag unwind unwrap update upgrade upload upsert use vacuum
    validate verify view visit wait wake walk warm warn watch weigh wipe withdraw wrap write yield
    zip zoom
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
    "build": "built", "choose": "chosen", "cut": "cut", "draw": "drawn", "drive": "driven", "feed": "fed",
    "find": "found", "freeze": "frozen",
    "get": "", "give": "given", "grow": "grown", "hide": "hidden", "hold": "held", "keep": "kept", "lay": "laid",
    "lead": "led", "leave": "left",
    "make": "made", "overlay": "overlaid", "override": "overridden",
    "overwrite": "overwritten", "prove": "proven", "put": "put", "quit": "quit", "read": "read",
    "rebuild": "rebuilt", "redo": "redone", "reset": "reset", "rewind": "rewound", "rewrite": "rewritten",
    "run": "run", "seek": "sought", "send": "sent", "set": "set", "show": "shown", "shrink": "shrunk",
    "split": "split", "steal": "stolen", "sweep": "swept", "take": "taken", "tell": "told", "throw": "thrown",
    "undo": "undone", "unset": "unset", "unwind": "unwound", "withdraw": "withdrawn",
    "wake": "woken", "write": "written",
}  # fmt: skip
_DOUBLED_AT_END_TEXT = """
    begin commit emit forget permit refer submit transmit unpin unwrap unzip
"""
_DOUBLED_AT_END = frozenset(_DOUBLED_AT_END_TEXT.split())
_VOWELS = "aeiou"


_LIKE_VERBS = ("ify", "alize", "imize", "erize", "icate", "ulate", "inate")
_NO_VERBS = frozenset(["certificate", "coordinate", "delicate", "predicate", "formulate", "syndicate"])


def is_verb(word: str) -> bool:
    """Whether a function's name that begins with a word tells a deed, by the table or by the word's ending."""
    return word in VERBS or (word.endswith(_LIKE_VERBS) and word not in _NO_VERBS)


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
