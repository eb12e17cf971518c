"""Who may send what to whom: plain rows, the same at hub and recipient. What no row allows is refused.

 * A row names a kind; sender roles; what the signing key must be for; the role a recipient must have; and the *relation* the
   sender must have to the thread.
 * The rows in force are a document (TOML) in a message signed by governance; ``policy.toml`` here is what a new hub starts with.
   A policy that would not let governance send the next one is refused.
 * Each rpc has a row too: who may call it. A kind or rpc without a row fails a test, and is refused at run time.

Example:
    >>> policy = Policy.parse(default_document())
    >>> policy.kinds["release"].relation
    <Relation.ORIGIN: 'origin'>
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from types import MappingProxyType
from typing import Any

from tocsin.core.directory_messages import Purpose, Role
from tocsin.core.errors import Reason, error


class Relation(Enum):
    """What a sender must be to the thread its message joins."""

    NONE = "none"
    """Starts a thread, or belongs to none."""
    ORIGIN = "origin"
    """Sent the root."""
    ADDRESSEE = "addressee"
    """Was addressed by the root."""
    START_OR_ORIGIN = "start-or-origin"
    """Starts a thread, or sent the root of the one it joins."""


class Caller(Enum):
    """Who may call an rpc."""

    MEMBER = "member"
    """Any enrolled party that is not suspended, over mutual TLS."""
    ANYONE = "anyone"
    """Whoever reaches the enrolment port."""
    OPERATOR = "operator"
    """Whoever may open the hub's UNIX socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRow:
    """Who may send one kind of message."""

    name: str
    senders: frozenset[Role]
    purpose: Purpose
    recipients: frozenset[Role]
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rows of one version."""

    kinds: Mapping[str, KindRow]
    rpcs: Mapping[str, Caller]

    @classmethod
    def parse(cls, document: bytes) -> "Policy":
        """The policy in a TOML document.

        Raises:
            Malformed: DOCUMENT_INVALID with the row at fault.
        """
        row = "document"
        try:
            data: dict[str, Any] = tomllib.loads(document.decode())
            kinds: dict[str, KindRow] = {}
            for row, values in data["kinds"].items():
                kinds[row] = KindRow(
                    name=row,
                    senders=frozenset(Role[_enum(r)] for r in values.pop("senders")),
                    purpose=Purpose[_enum(values.pop("purpose"))],
                    recipients=frozenset(Role[_enum(r)] for r in values.pop("recipients")),
                    relation=Relation(values.pop("relation")),
                )
                if values:
                    raise ValueError(f"unknown entry {min(values)}")
            rpcs: dict[str, Caller] = {}
            row = "document"
            for row, caller in data["rpcs"].items():
                rpcs[row] = Caller(caller)
            row = "document"
            if unknown := data.keys() - {"kinds", "rpcs"}:
                raise ValueError(f"unknown entry {min(unknown)}")
            row = "policy-version"
            if Role.GOVERNANCE not in kinds[row].senders or kinds[row].purpose is not Purpose.ADMIN:
                raise ValueError("no policy could follow this one")
        except (KeyError, ValueError, AttributeError, TypeError, RecursionError) as exc:
            raise error(Reason.DOCUMENT_INVALID, field="policy", row=row) from exc
        return cls(kinds=MappingProxyType(kinds), rpcs=MappingProxyType(rpcs))

    def check_kind(self, kind: str, *, sender: Role, purposes: frozenset[Purpose]) -> KindRow:
        """The row that lets a party of role ``sender`` send ``kind`` with a key for ``purposes``.

        Raises:
            NotPermitted: POLICY_DENIED with the row, or KEY_PURPOSE.
        """
        row = self.kinds.get(kind)
        if row is None or sender not in row.senders:
            raise error(Reason.POLICY_DENIED, row=kind, rule="sender", field="sender")
        if row.purpose not in purposes:
            raise error(
                Reason.KEY_PURPOSE,
                row=row.name,
                field="author_key",
                needed=row.purpose.name.lower(),
                purpose=", ".join(sorted(p.name.lower() for p in purposes)) or "none",
            )
        return row

    @staticmethod
    def check_recipient(row: KindRow, recipient: Role) -> None:
        """Whether a party of role ``recipient`` may be addressed.

        Raises:
            NotPermitted: POLICY_DENIED with the row.
        """
        if recipient not in row.recipients:
            raise error(Reason.POLICY_DENIED, row=row.name, rule="recipient", field="recipients")


def check_relation(row: KindRow, *, sender: str, origin: str | None, addressee: str | None) -> None:
    """Whether ``sender`` stands to the thread as the row asks; ``origin`` is None when the message starts one.

    Raises:
        NotPermitted: NOT_ORIGIN or NOT_ADDRESSEE with the row.
    """
    if origin is None:
        if row.relation in (Relation.ORIGIN, Relation.ADDRESSEE):
            raise error(Reason.FIELD_MISSING, field="thread.root_id", rule="the order this message belongs to")
    elif row.relation in (Relation.ORIGIN, Relation.START_OR_ORIGIN) and sender != origin:
        raise error(Reason.NOT_ORIGIN, row=row.name, field="sender")
    elif row.relation is Relation.ADDRESSEE and sender != addressee:
        raise error(Reason.NOT_ADDRESSEE, row=row.name, field="sender")


def default_document() -> bytes:
    """The policy a new hub starts with (package data)."""
    return resources.files("tocsin.core").joinpath("policy.toml").read_bytes()


def _enum(name: str) -> str:
    return name.upper().replace("-", "_")
