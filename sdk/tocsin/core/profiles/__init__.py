"""One jurisdiction's limits as data, each with its legal source and a mark of how well that source is known.

 * A profile is a TOML document; the hub holds those that governance signed into the log, and a message names the one it rests on.
 * No limit of the law stands in code: ``Limits`` names what the rules ask for, the document gives the values.
 * A document must give every limit of ``Limits`` and nothing else; each has ``value``, ``source`` and ``mark``. Its zone and its
   currency must be known.
 * Marks: V official text seen, W weak source, B background knowledge, P our proposal.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any

from tocsin.core.currencies import EXPONENTS
from tocsin.core.domains import check_domain, parents
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.times import Term, parse_duration


class Mark(StrEnum):
    """How well the source of a limit is known."""

    OFFICIAL = "V"
    WEAK = "W"
    BACKGROUND = "B"
    PROPOSAL = "P"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a limit comes from."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the rules of the kinds ask of a profile. Terms are calendar-aware (``tocsin.core.times.Term``)."""

    stop_term: Term
    """How long one stop lasts from when the bank applied it."""
    stop_max_terms: int
    """How many terms one account may be stopped for, whoever asks."""
    freeze_term: Term
    """How long a freeze lasts."""
    freeze_term_major: Term
    """How long a freeze lasts in major or complex cases."""
    execute_within: Term
    """Until when after admission an order may still be executed."""
    answer_within: Term
    """Until when after admission an answer is expected."""
    block_term: Term | None = None
    """How long a block of domains lasts; ``None`` where the law knows none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The limits of one jurisdiction.

    Attributes:
        name: Such as ``cn``.
        version: Rises with each change.
        zone: IANA time zone in which calendar terms run and times are shown.
        currency: The one currency of its orders (ISO 4217), or empty for any.
        kinds: Kinds of order the law knows.
        protected_domains: What no order blocks: these names, what is above them and what is below.
    """

    name: str
    version: int
    zone: str
    currency: str
    kinds: frozenset[str]
    limits: Limits
    sources: Mapping[str, Source]
    protected_domains: frozenset[str] = frozenset()
    protected_parents: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, document: bytes) -> "Profile":
        """The profile in a TOML document.

        Raises:
            Malformed: DOCUMENT_INVALID with the entry at fault.
        """
        row = "document"
        try:
            data: dict[str, Any] = tomllib.loads(document.decode())
            given: dict[str, dict[str, Any]] = data.pop("limits")
            values: dict[str, Any] = {}
            sources: dict[str, Source] = {}
            for one in fields(Limits):
                row = one.name.replace("_", "-")
                if row not in given and one.default is not MISSING:
                    continue  # a document enacted before there was this limit: what rests on it is not in the profile
                entry = dict(given.pop(row))
                raw = entry.pop("value")
                values[one.name] = _count(raw) if one.type is int else parse_duration(raw)
                sources[one.name] = Source(text=_text(entry.pop("source")), mark=Mark(entry.pop("mark")))
                if entry:
                    raise ValueError(f"unknown entry {min(entry)}")
            if given:
                row = min(given)
                raise ValueError("unknown limit")
            row = "protected-domains"
            protected = _protected(data.pop(row, None), sources)
            row = "document"
            made = cls(
                name=_text(data.pop("name")),
                version=_count(data.pop("version")),
                zone=_zone(data.pop("zone")),
                currency=_currency(data.pop("currency")),
                kinds=frozenset(_text(k) for k in _list(data.pop("kinds"))),
                limits=Limits(**values),
                sources=MappingProxyType(sources),
                protected_domains=protected,
                protected_parents=frozenset(above for one in protected for above in parents(one)),
            )
            if data:
                raise ValueError(f"unknown entry {min(data)}")
        except (KeyError, ValueError, AttributeError, TypeError, RecursionError, BusError) as exc:
            raise error(Reason.DOCUMENT_INVALID, field="profile", row=row) from exc
        return made

    def protects(self, domain: str) -> bool:
        """Whether blocking ``domain`` (canonical) would touch a protected one."""
        if domain in self.protected_domains or domain in self.protected_parents:
            return True
        return any(above in self.protected_domains for above in parents(domain))

    def check_kind(self, kind: str) -> None:
        """Whether this law knows the kind of order.

        Raises:
            RuleBroken: NOT_IN_PROFILE.
        """
        if kind not in self.kinds:
            raise error(Reason.NOT_IN_PROFILE, kind=kind, profile=self.name)


def default_document(name: str) -> bytes:
    """A profile shipped with the package: ``cn`` or ``generic``.

    Raises:
        RuleBroken: PROFILE_UNKNOWN.
    """
    path = resources.files("tocsin.core.profiles").joinpath(f"{name}.toml")
    if not name.isalpha() or not path.is_file():
        raise error(Reason.PROFILE_UNKNOWN, profile=name)
    return path.read_bytes()


def _protected(entry: object, sources: dict[str, Source]) -> frozenset[str]:
    if entry is None:
        return frozenset()
    if not isinstance(entry, dict) or entry.keys() != {"names", "source", "mark"}:
        raise ValueError("names, source and mark")
    sources["protected_domains"] = Source(text=_text(entry["source"]), mark=Mark(entry["mark"]))
    names = [_text(one) for one in _list(entry["names"])]
    for one in names:
        check_domain(one)
    return frozenset(names)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("not a count")
    return value


def _zone(value: object) -> str:
    zone = _text(value)
    Term(months=1).end_after(0, zone)  # a zone that nobody has would stop every freeze under this profile
    return zone


def _currency(value: object) -> str:
    if value != "" and value not in EXPONENTS:
        raise ValueError("not a currency")
    return str(value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or not value:
        raise ValueError("not a list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value
