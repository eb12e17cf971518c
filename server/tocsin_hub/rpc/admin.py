"""AdminService: the operator's questions to the running hub, over its UNIX socket."""

from pathlib import Path
from typing import Any

from tocsin.core.directory import GOVERNANCE
from tocsin.core.errors import Reason, error
from tocsin.core.message import Lane
from tocsin.crypto.signers import fingerprint
from tocsin.v1 import admin_service_pb2 as pb
from tocsin.v1 import admin_service_pb2_grpc
from tocsin.v1.values_pb2 import Range
from tocsin.wire.enums import identifier_kind_to_proto, role_to_proto
from tocsin.wire.sequencing import receipt_to_proto
from tocsin_hub.domain.rows import MailboxKey
from tocsin_hub.service.operate import Operations
from tocsin_hub.service.publish import Publisher

_LANES = {"urgent": Lane.URGENT, "routine": Lane.ROUTINE}


class AdminServicer(admin_service_pb2_grpc.AdminServiceServicer):
    """Thin."""

    def __init__(self, *, publisher: Publisher, operations: Operations) -> None:
        self._publisher = publisher
        self._operations = operations

    async def GetStatus(self, request: pb.GetStatusRequest, context: Any) -> pb.GetStatusResponse:
        """See admin_service.proto."""
        return pb.GetStatusResponse(**await self._operations.status())

    async def PublishGovernance(
        self, request: pb.PublishGovernanceRequest, context: Any
    ) -> pb.PublishGovernanceResponse:
        """See admin_service.proto."""
        receipt = await self._publisher.offer(request.envelope, caller=GOVERNANCE)
        return pb.PublishGovernanceResponse(receipt=receipt_to_proto(receipt))

    async def ListParties(self, request: pb.ListPartiesRequest, context: Any) -> pb.ListPartiesResponse:
        """See admin_service.proto."""
        directory, sessions = self._operations.directory(), self._operations.sessions()
        backlog = self._operations.backlog
        return pb.ListPartiesResponse(
            parties=[
                pb.PartySummary(
                    party=party.party, display_name=party.display_name, role=role_to_proto(party.role), region=party.region,
                    suspended=party.suspended, joined=party.joined, escalate_to=party.escalate_to,
                    ranges=[Range(kind=identifier_kind_to_proto(r.kind), prefix=r.prefix, length=r.length) for r in party.ranges],
                    keys=[
                        pb.KeySummary(
                            key_id=key.key_id, holder=key.holder, algorithm=key.algorithm,
                            purposes=sorted(p.name.lower() for p in key.purposes), revoked=key.revoked_index is not None,
                            fingerprint=fingerprint(key.algorithm, key.public_key),
                        )
                        for key in party.keys.values()
                    ],
                    connected=any(mailbox.party == party.party for mailbox in sessions),
                    pending_urgent=backlog(MailboxKey(party.party, Lane.URGENT.value)),
                    pending_routine=backlog(MailboxKey(party.party, Lane.ROUTINE.value)),
                )
                for party in directory.parties.values()
            ]
        )  # fmt: skip

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: Any
    ) -> pb.ListDeadLettersResponse:
        """See admin_service.proto."""
        return pb.ListDeadLettersResponse(
            dead_letters=[
                pb.DeadLetter(
                    party=attempt.mailbox.party, lane=Lane(attempt.mailbox.lane).name.lower(),
                    subscription=attempt.subscription, seq=attempt.seq, message_id=message.message_id, kind=message.kind,
                    attempts=attempt.attempts, reason=attempt.reason, parked_us=attempt.changed_us,
                )
                for attempt, message in await self._operations.dead_letters(request.party)
            ]
        )  # fmt: skip

    async def ReplayDeadLetters(
        self, request: pb.ReplayDeadLettersRequest, context: Any
    ) -> pb.ReplayDeadLettersResponse:
        """See admin_service.proto."""
        if request.lane and request.lane not in _LANES:
            raise error(Reason.FIELD_INVALID, field="lane", rule="urgent or routine")
        lane = _LANES[request.lane].value if request.lane else None
        replayed = await self._operations.replay(request.party, lane=lane, seq=request.seq)
        return pb.ReplayDeadLettersResponse(replayed=replayed)

    async def Backup(self, request: pb.BackupRequest, context: Any) -> pb.BackupResponse:
        """See admin_service.proto."""
        size, written = await self._operations.backup(Path(request.path))
        return pb.BackupResponse(log_size=size, bytes=written)

    async def AcceptClock(self, request: pb.AcceptClockRequest, context: Any) -> pb.AcceptClockResponse:
        """See admin_service.proto."""
        return pb.AcceptClockResponse(step_us=self._operations.accept_clock())
