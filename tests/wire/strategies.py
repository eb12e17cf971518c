"""Hypothesis strategies for whole messages of every kind, made from the dataclasses themselves.

* ``messages(kind)`` gives only messages that pass their checks; ``any_message()`` draws the kind too.
* A field is drawn by its shape; ``_FIELDS`` names the fields whose rule is narrower than their type, ``_MENDED`` the
  kinds whose rules tie fields together. A kind without such rules needs no line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tocsin.core.currencies import EXPONENTS
from tocsin.core.directory_messages import Purpose
from tocsin.core.errors import BusError
from tocsin.core.identifiers import Identifier, IdentifierKind, identifier, new_message_id
from tocsin.core.message import KINDS, Header, Kind, Message, Nature
from tocsin.core.money import MAX_MINOR, Money
from tocsin.core.orders.report import ItemOutcome, Outcome
from tocsin.core.times import MAX_TIME_US
from tocsin.wire.shapes import Shape, shapes_of

Drawn = st.SearchStrategy[Any]


def _luhn(body: str) -> str:
    from stdnum import luhn

    return body + luhn.calc_check_digit(body)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=24)
PARTIES = st.sampled_from(["bank.icbc", "bank.example", "police.420100", "carrier.cmcc", "hub", "governance"])
IDS = st.builds(
    new_message_id, st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10).map(lambda b: lambda n: b)
)
KEY_IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
HASHES = st.binary(min_size=32, max_size=32)
MONEY = st.builds(Money, st.integers(0, MAX_MINOR), st.sampled_from(sorted(EXPONENTS)))
IDENTIFIERS: Drawn = st.one_of(
    st.integers(0, 9_999).map(lambda n: Identifier(IdentifierKind.CARD, _luhn(f"62220202{n:010}"))),
    st.integers(0, 9_999).map(lambda n: Identifier(IdentifierKind.ACCOUNT, f"ICBC/{n:016}")),
    st.just(identifier("GB82 WEST 1234 5698 7654 32")),
    st.integers(0, 9_999).map(lambda n: Identifier(IdentifierKind.PHONE, f"+8613800{n:06}")),
    st.integers(0, 9_999).map(lambda n: Identifier(IdentifierKind.WALLET, f"psp.example/{n:08}")),
)

_FIELDS: Mapping[str, Drawn] = {
    "message_id": IDS,
    "root_id": IDS,
    "parent_id": IDS,
    "supersedes": st.one_of(st.just(b""), IDS),
    "sender": PARTIES,
    "party": PARTIES,
    "on_behalf_of": st.one_of(st.just(""), PARTIES),
    "escalate_to": st.just(""),
    "document_sha256": st.one_of(st.just(b""), HASHES),
    "author_key": KEY_IDS,
    "key_id": KEY_IDS,
    "audience": st.just("bus.example"),
    "recipients": PARTIES.map(lambda party: (party,)),
    "log_key": HASHES,
    "join_key": HASHES,
    "version": st.integers(1, 2**32 - 1),
    "threshold": st.just(1),
    "length": st.integers(0, 64),
    "list_id": st.sampled_from(["wanted", "stolen.2026-01"]),
    "epoch": st.integers(1, 2**32 - 1),
    "entry_no": st.integers(1, 2**32 - 1),
    "count": st.integers(1, 1_000),
    "token": HASHES,
    "tokens": st.lists(HASHES, min_size=1, max_size=3, unique=True).map(tuple),
    "key_check": st.binary(min_size=16, max_size=16),
    "list_key": st.one_of(st.just(b""), HASHES),
    "commitment": HASHES,
    "entry_hash": HASHES,
    "check_id": IDS,
    "purpose": TEXTS.filter(bool),
    "purposes": st.lists(st.sampled_from(list(Purpose)), unique=True).map(
        lambda p: tuple(sorted(p, key=lambda x: x.value))
    ),
}

DOMAINS = st.lists(
    st.integers(0, 999).map(lambda n: f"shop-{n}.example"), min_size=1, max_size=5, unique=True
).map(lambda names: tuple(sorted(names)))
NOT_APPLIED = st.dictionaries(
    st.integers(1, 1000), st.sampled_from([outcome for outcome in Outcome if not outcome.executed]), max_size=3
).map(lambda left: tuple(ItemOutcome(position=at, outcome=left[at]) for at in sorted(left)))

_MENDED: Mapping[str, Callable[[dict[str, Any], Header], dict[str, Any]]] = {
    "watch-list": lambda values, header: {**values, "valid_until_us": header.created_us + 1},
    "add-key": lambda values, _: {**values, "possession": b"p" if values["purposes"] else b""},
    "block-domains": lambda values, _: {**values, "region": "CN-42"},
    "report": lambda values, _: {**values, "applied_us": min(values["applied_us"], values["expires_us"] // 2)},
}

_LISTS: Mapping[str, Drawn] = {"domains": DOMAINS, "not_applied": NOT_APPLIED}


def any_message() -> st.SearchStrategy[Message]:
    """A message of any kind."""
    return st.sampled_from(sorted(KINDS)).flatmap(lambda name: messages(KINDS[name]))


def messages(kind: Kind) -> st.SearchStrategy[Message]:
    """A checked message of ``kind``, private fields filled."""
    mend = _MENDED.get(kind.name, lambda values, _: values)
    about_lists = kind.nature in (Nature.LIST, Nature.NOTICE)
    drawn_headers = headers().map(lambda h: replace(h, target=None, exercise=False)) if about_lists else headers()
    values = st.fixed_dictionaries(
        {shape.name: _field(shape) for shape in shapes_of(kind.cls) if shape.name != "header"}
    )
    aimed = getattr(kind.cls, "BY_TARGET", True)
    heads = drawn_headers if aimed else drawn_headers.map(lambda one: replace(one, target=None))
    made = st.tuples(heads, values).map(lambda drawn: kind.cls(header=drawn[0], **mend(drawn[1], drawn[0])))
    return made.filter(_passes)


def headers() -> st.SearchStrategy[Header]:
    """A header with everything that any kind may ask of it; what is optional for all is absent at times."""
    values = {
        shape.name: _field(shape) for shape in shapes_of(Header) if not shape.name.startswith(("created", "expires"))
    }
    values["parts"] = st.lists(_whole(_shape(Header, "parts").type), max_size=2).map(tuple)
    for name in ("target", "legal_basis", "holder_notice", "thread"):
        values[name] = _value(_shape(Header, name))
    for name in ("contact", "remedy", "case_ref", "case_filing_no"):
        values[name] = TEXTS.filter(bool)
    times = st.tuples(st.integers(1, MAX_TIME_US - 2), st.integers(1, MAX_TIME_US)).map(
        lambda pair: {"created_us": pair[0], "expires_us": min(pair[0] + pair[1], MAX_TIME_US - 1)}
    )
    return st.tuples(st.fixed_dictionaries(values), times).map(lambda drawn: Header(**drawn[0], **drawn[1]))


def _shape(cls: type[Any], name: str) -> Shape:
    return next(shape for shape in shapes_of(cls) if shape.name == name)


def _field(shape: Shape) -> Drawn:
    if shape.name in _LISTS:
        return _LISTS[shape.name]
    if shape.name in _FIELDS:
        return _FIELDS[shape.name]
    if shape.repeated:
        return st.lists(_value(shape), max_size=3, unique=True).map(tuple)
    return st.one_of(st.none(), _value(shape)) if shape.optional else _value(shape)


def _value(shape: Shape) -> Drawn:
    if shape.form == "enum":
        return st.sampled_from(list(shape.type))
    if shape.form == "nested":
        return _whole(shape.type)
    if shape.is_time:
        return st.integers(1, MAX_TIME_US - 1)
    return {int: st.integers(0, 2**63 - 1), str: TEXTS, bytes: st.binary(max_size=40), bool: st.booleans()}[shape.type]


def _whole(cls: type[Any]) -> Drawn:
    """A nested dataclass; its texts are never empty, so that it is never wholly absent."""
    if cls is Money:
        return MONEY
    if cls is Identifier:
        return IDENTIFIERS
    filled = {
        s.name: TEXTS.filter(bool) if s.type is str and s.name not in _FIELDS else _field(s) for s in shapes_of(cls)
    }
    return st.fixed_dictionaries(filled).map(lambda values: cls(**values))


def _passes(message: Message) -> bool:
    try:
        message.header.check()
        message.check()
    except BusError:
        return False
    return True
