"""Which party serves an identifier: the longest matching prefix, among ranges of the right length.

 * Cards are routed by (card length, longest BIN): several BINs belong to two banks and differ only by card length, and some
   are prefixes of another bank's longer BIN.
 * Two parties may not serve the same (kind, length, prefix); a longer prefix inside another's range is how a hosted BIN is
   carved out, and allowed. Length 0 stands for every length and yields to an exact one of the same prefix.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.core.directory_messages import Range
from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import Identifier, IdentifierKind

_Slot = tuple[IdentifierKind, int]


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """Who serves what. Never changed in place."""

    owners: Mapping[_Slot, Mapping[str, str]] = field(default_factory=dict)
    longest: Mapping[_Slot, int] = field(default_factory=dict)

    def replaced(self, party: str, ranges: tuple[Range, ...]) -> "RoutingTable":
        """The table with the ranges of ``party`` replaced by ``ranges``.

        Raises:
            WrongState: RANGE_TAKEN naming both parties; the prefix is a public BIN, not a person's number.
        """
        owners: dict[_Slot, dict[str, str]] = {
            slot: {prefix: owner for prefix, owner in table.items() if owner != party} for slot, table in self.owners.items()
        }
        for one in ranges:
            table = owners.setdefault((one.kind, one.length), {})
            other = table.get(one.prefix)
            if other is not None and other != party:
                raise error(Reason.RANGE_TAKEN, party=party, other=other, range=f"{one.kind}:{one.length}:{one.prefix}")
            table[one.prefix] = party
        filled = {slot: table for slot, table in owners.items() if table}
        return RoutingTable(filled, {slot: max(map(len, table)) for slot, table in filled.items()})

    def route(self, target: Identifier) -> str:
        """The party that serves ``target``.

        Raises:
            NotRoutable: TARGET_NOT_SERVED.
        """
        value = target.value
        slots = ((target.kind, len(value)), (target.kind, 0))
        for size in range(min(len(value), max(self.longest.get(slots[0], 0), self.longest.get(slots[1], 0))), 0, -1):
            prefix = value[:size]
            for slot in slots:
                owner = self.owners.get(slot, {}).get(prefix)
                if owner is not None:
                    return owner
        raise error(Reason.TARGET_NOT_SERVED, field="target", kind=target.kind)
