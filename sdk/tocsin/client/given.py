"""What an application gives for an order, as people write it, turned into the values of the contract.

* A field of the kind or of the header goes by its name; anything else is refused by name.
* Amounts and enum values may be text, times datetimes. ``None`` is as good as left out.
"""

import functools
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.core.errors import Reason, error
from tocsin.core.message import KINDS, HolderNotice, Lane, Message
from tocsin.core.money import Money, parse_money
from tocsin.core.times import to_us

BASIS = ("profile", "statute", "article", "document_no")
HEADER = frozenset(
    {"contact", "remedy", "case_ref", "case_filing_no", "holder_notice", "lane", "exercise", "on_behalf_of"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The same, sorted by where it goes."""

    fields: dict[str, Any]
    header: dict[str, Any]
    basis: dict[str, Any]

    @classmethod
    def sort(cls, kind: str, fields: Mapping[str, Any]) -> "Given":
        """``fields`` of an order of ``kind``.

        Raises:
            Malformed: FIELD_INVALID for a name or value that does not fit; what is wrong with an amount.
        """
        own = _fields_of(kind)
        given = {name: value for name, value in fields.items() if value is not None}
        return cls(
            fields={name: _value(KINDS[kind].cls, name, value) for name, value in given.items() if name in own},
            header=_header({n: value for n, value in given.items() if n not in own and n not in BASIS}),
            basis={name: value for name, value in given.items() if name in BASIS},
        )


def _header(given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(given) - HEADER)
    if unknown:
        raise error(Reason.FIELD_INVALID, field=unknown[0], rule="a field of this kind or of the header")
    made = dict(given)
    if isinstance(made.get("lane"), str):
        made["lane"] = _member(Lane, "lane", made["lane"])
    if isinstance(made.get("holder_notice"), str):
        made["holder_notice"] = _member(HolderNotice, "holder_notice", made["holder_notice"])
    return made


def _value(cls: type[Message], name: str, value: Any) -> Any:
    """A field's value from what people write: amounts and enum names as text, times as datetimes."""
    for one in _types_of(typing.cast(typing.Hashable, cls), name):
        if one is Money and isinstance(value, str):
            return parse_money(value, field=name, positive=True)
        if hasattr(one, "__members__") and isinstance(value, str):
            return _member(one, name, value)
    if isinstance(value, datetime):
        return to_us(value, field=name)
    return value


@functools.cache
def _fields_of(kind: str) -> frozenset[str]:
    return frozenset(f.name for sealed in (False, True) for f in KINDS[kind].fields(sealed=sealed))


@functools.cache
def _types_of(cls: Any, name: str) -> tuple[type, ...]:
    hint = typing.get_type_hints(cls)[name]
    return tuple(one for one in (typing.get_args(hint) or (hint,)) if isinstance(one, type))


def _member(enum: Any, field: str, text: str) -> Any:
    found = enum.__members__.get(text.upper().replace("-", "_"))
    if found is None:
        names = ", ".join(name.lower().replace("_", "-") for name in enum.__members__)
        raise error(Reason.FIELD_INVALID, field=field, rule=f"one of {names}")
    return found
