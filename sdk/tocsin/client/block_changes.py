"""Fetching what a carrier is ordered to block, for a copy that no handler feeds.

 * Each order is verified as a delivery is: its bytes, author, key, policy and directory at its log index. What a carrier's handler
   would be told to refuse beforehand (a drill, a protected domain) comes marked so.
 * Orders must come in log order, after what was asked for and up to what the hub states; otherwise the whole answer is refused.
 * That the hub sends all of them, only the carrier's own mailbox proves: this is a copy, not the delivery.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from tocsin.client import life
from tocsin.client.verify import Stale, verify_delivery
from tocsin.core.errors import Reason, error
from tocsin.core.measure import MeasureOrder
from tocsin.v1 import blocklist_service_pb2 as pb
from tocsin.v1 import order_service_pb2
from tocsin.wire.errors import from_rpc_error
from tocsin.wire.sequencing import sequencing_from_proto

if TYPE_CHECKING:
    from tocsin.client.participant import Participant

CONNECT_SECONDS = 20.0
"""How long a line to the hub is waited for."""

STREAM_SECONDS = 600.0
"""How long all changes may take: a million names are some thirty megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verified order, and until when it holds.

    Attributes:
        ends_us: Of a block: its legal end, counted from when the hub accepted it, which is never later than the end that the
            carrier's handler states; 0 for an order that sets none, and for a block that is not to be carried out.
    """

    order: MeasureOrder
    ends_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A frame of changes; everything up to ``through_index`` of the log has come."""

    changes: list[Change]
    through_index: int


async def block_changes(party: "Participant", after_index: int) -> AsyncGenerator[Changes, None]:
    """What ``party`` is ordered after a log index; 0 for what holds now.

    Raises:
        Unavailable: The hub cannot be reached, or gave up: what has come may be kept, and the rest asked for.
        NotPermitted: POLICY_DENIED for a party that no block can be addressed to.
        SignatureInvalid: PROOF_INVALID for an answer that is not in order.
        BusError: An order does not hold; see ``verify_delivery``.
    """
    connection = await party.link.connection(CONNECT_SECONDS)
    call = connection.blocklists.ListChanges(pb.ListChangesRequest(after_index=after_index), timeout=STREAM_SECONDS)
    at = after_index
    try:
        async for frame in call:
            changes = []
            for logged in frame.messages:
                first_allowed = at + 1 if at else 0
                at = logged.sequencing.log_index
                if not first_allowed <= at <= frame.through_index:
                    raise error(Reason.PROOF_INVALID, field="log_index", rule="log order")
                changes.append(await _verified(party, logged))
            if frame.through_index < at:
                raise error(Reason.PROOF_INVALID, field="through_index", rule="at least what we have")
            at = frame.through_index
            yield Changes(changes=changes, through_index=at)
    except grpc.RpcError as failure:
        raise from_rpc_error(failure) from failure
    finally:
        call.cancel()


async def _verified(party: "Participant", logged: order_service_pb2.LoggedMessage) -> Change:
    sequencing = sequencing_from_proto(logged.sequencing)
    identity, copy = party.identity, party.directory_copy
    for last_try in (False, True):
        try:
            opened = verify_delivery(
                logged.envelope, sequencing, party=identity.party, bus=identity.bus, copy=copy, addressed=True
            )
            break
        except Stale:
            if last_try:
                raise error(
                    Reason.PROOF_INVALID, field="directory_head", rule="one directory for all members"
                ) from None
            await party.link.refresh_directory()
    order = opened.message
    if not isinstance(order, MeasureOrder):
        raise error(Reason.PROOF_INVALID, field="messages", rule="orders")
    basis = order.header.legal_basis
    if order.header.thread is not None or basis is None:
        return Change(order=order, ends_us=0)
    profile = copy.as_of(sequencing.directory_version).profile(basis.profile)
    if order.header.exercise or life.forbidden(order, profile):
        return Change(order=order, ends_us=0)
    return Change(order=order, ends_us=life.ends_us(order, None, profile, sequencing.accepted_us))
