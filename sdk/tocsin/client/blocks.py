"""Blocking domains at every carrier of a region, and letting go of them: lists of any length as orders of a thousand.

 * One order per carrier and thousand names. What a carrier is ordered to block already, and has not been let go of, is not ordered
   again: a job that was cut off goes on by being asked once more, and a list that has grown costs only what is new.
 * An entry that cannot be blocked costs only itself; it comes back with its place and its reason.
 * Our own outbox says what we ordered; nobody else is asked.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tocsin.client.rows import OutboxRow, OutboxState
from tocsin.client.sent import SentOrder
from tocsin.core.directory_messages import Role
from tocsin.core.domains import MAX_ITEMS, is_public, read_domain
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.identifiers import message_id_text
from tocsin.core.identifiers import region as region_code
from tocsin.core.measure import ENDED, MeasureState
from tocsin.core.message import Lane
from tocsin.core.orders.block_domains import BlockDomains
from tocsin.core.orders.unblock_domains import UnblockDomains
from tocsin.core.profiles import Profile
from tocsin.core.regions import within
from tocsin.results import Result
from tocsin.wire.codec import open_envelope

if TYPE_CHECKING:
    from tocsin.client.participant import Participant

Tell = Callable[[int, int], None]
"""(orders made, orders in all)."""

CATCH_UP_SECONDS = 3.0
"""How long a connection is waited for that could bring a newer directory; without one, the one we have is used."""

GONE = ENDED | {MeasureState.RELEASING}
"""States in which a block holds no name that could be let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockJob:
    """Orders made for one list.

    Attributes:
        orders: By carrier, in the order they were made.
        refused: Entries that were left out, by their place in the list from 1, and why.
        standing: Entries that every carrier of the region was ordered to block before.
    """

    orders: list[SentOrder] = field(default_factory=list)
    refused: dict[int, BusError] = field(default_factory=dict)
    standing: int = 0

    async def outcomes(self, timeout: float | None = None) -> list[tuple[SentOrder, Result]]:
        """What came of each order; each is waited for up to ``timeout`` seconds. Raises as ``SentOrder.outcome``."""
        return [(order, await order.outcome(timeout)) for order in self.orders]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A block of ours that holds."""

    root_id: bytes
    carrier: str
    names: frozenset[str]


async def block(
    party: "Participant", domains: Iterable[str], *, region: str, progress: Tell | None, fields: Mapping[str, Any]
) -> BlockJob:
    """See ``Participant.block_domains``."""
    code = region_code(region)
    await party.link.catch_up(CATCH_UP_SECONDS)  # a carrier that joined a minute ago must not be passed over
    profile = party.directory_copy.directory.profile(fields["profile"]) if fields.get("profile") else None
    # In a thread, here and below: half a second for a hundred thousand names, in which urgent orders must go out.
    names, refused = await asyncio.to_thread(_readable, domains, profile or _default_profile(party))
    carriers = carriers_of(party, code)
    held: dict[str, set[str]] = {carrier: set() for carrier in carriers}
    for one in await standing(party):
        if one.carrier in held:
            held[one.carrier] |= one.names
    lists, known = await asyncio.to_thread(_missing, names, held)
    job = BlockJob(refused=refused, standing=known)
    for carrier, chunk in lists:
        given = {"lane": Lane.ROUTINE, **fields}
        job.orders.append(await party.order("block-domains", recipient=carrier, region=code, domains=chunk, **given))
        if progress is not None:
            progress(len(job.orders), len(lists))
    return job


async def unblock(party: "Participant", domains: Iterable[str], *, reason: str) -> BlockJob:
    """See ``Participant.unblock_domains``."""
    domains = list(domains)
    names, refused = await asyncio.to_thread(_readable, domains, None)
    places = {read_domain(text): place for place, text in enumerate(domains, start=1) if place not in refused}
    job, found = BlockJob(refused=refused), set()
    for one in await standing(party):
        if theirs := tuple(sorted(one.names & names)):
            found |= set(theirs)
            thread = message_id_text(one.root_id)
            job.orders.append(await party.order("unblock-domains", thread=thread, domains=theirs, reason=reason))
    for name in names - found:
        job.refused[places[name]] = error(Reason.NOT_FOUND, kind="block-domains")
    return job


async def standing(party: "Participant") -> list[Standing]:
    """The blocks we ordered that hold names, without those we let go of."""
    made = []
    for row in await party.store.measures_of_kind("block-domains", party.identity.party):
        if row.state in GONE:
            continue
        sent = await party.store.outbox_thread(row.root_id)
        if names := await asyncio.to_thread(_left, sent):
            made.append(Standing(root_id=row.root_id, carrier=row.recipient, names=names))
    return made


def _left(sent: Iterable[OutboxRow]) -> frozenset[str]:
    """The names of a block that its own thread has not let go of."""
    names: set[str] = set()
    for row in sent:
        if row.state in (OutboxState.REFUSED, OutboxState.PARKED):
            continue
        message = open_envelope(row.envelope).message
        if isinstance(message, BlockDomains):
            names |= set(message.domains)
        elif isinstance(message, UnblockDomains):
            names -= set(message.domains)
    return frozenset(names)


def carriers_of(party: "Participant", region: str) -> list[str]:
    """The carriers that serve ``region``, by name.

    Raises:
        NotRoutable: TARGET_NOT_SERVED.
    """
    parties = party.directory_copy.directory.parties.values()
    found = sorted(
        one.party
        for one in parties
        if one.role is Role.CARRIER and not one.suspended and one.sealing_key and within(region, one.region)
    )
    if not found:
        raise error(Reason.TARGET_NOT_SERVED, field="region", kind="region")
    return found


def _readable(domains: Iterable[str], profile: Profile | None) -> tuple[set[str], dict[int, BusError]]:
    names: set[str] = set()
    refused: dict[int, BusError] = {}
    for place, text in enumerate(domains, start=1):
        try:
            name = read_domain(text, position=place)
            if profile is not None and is_public(name):
                raise error(Reason.DOMAIN_PUBLIC, field="domains", position=place)
            if profile is not None and profile.protects(name):
                raise error(Reason.DOMAIN_PROTECTED, field="domains", position=place, profile=profile.name)
            names.add(name)
        except BusError as failure:
            refused[place] = failure
    return names, refused


def _default_profile(party: "Participant") -> Profile:
    profiles = party.directory_copy.directory.profiles
    if not profiles:
        raise error(Reason.DIRECTORY_EMPTY)
    return next(iter(profiles.values()))


def _missing(names: set[str], held: Mapping[str, set[str]]) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    """What each carrier has still to be ordered, in chunks, and how many names every one of them was ordered before."""
    chunks = [[(carrier, chunk) for chunk in _chunks(names - held[carrier])] for carrier in held]
    lists = [one for row in zip_longest(*chunks) for one in row if one is not None]  # no carrier waits for another's last
    return lists, len(names.intersection(*held.values()))


def _chunks(names: set[str]) -> list[tuple[str, ...]]:
    ordered = sorted(names)
    return [tuple(ordered[at : at + MAX_ITEMS]) for at in range(0, len(ordered), MAX_ITEMS)]
