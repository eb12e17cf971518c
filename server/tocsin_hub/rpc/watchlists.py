"""WatchlistService: checks against watchlists."""

from typing import Any

from tocsin.v1 import order_service_pb2, watchlist_service_pb2_grpc
from tocsin.v1 import watchlist_service_pb2 as pb
from tocsin.wire.sequencing import receipt_to_proto, sequencing_to_proto
from tocsin_hub.rpc.guard import PARTY
from tocsin_hub.service.check import Checks


class WatchlistServicer(watchlist_service_pb2_grpc.WatchlistServiceServicer):
    """Thin."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def Check(self, request: pb.CheckRequest, context: Any) -> pb.CheckResponse:
        """See watchlist_service.proto."""
        checked = await self._checks.check(
            request.envelope, salt=request.salt, tokens=request.tokens, from_position=request.from_position,
            caller=PARTY.get(),
        )  # fmt: skip
        return pb.CheckResponse(
            receipt=receipt_to_proto(checked.receipt),
            hits=[pb.CheckHit(position=h.position, message=h.message, entry=h.entry) for h in checked.hits],
            entries=[
                order_service_pb2.LoggedMessage(envelope=m.envelope, sequencing=sequencing_to_proto(m.sequencing))
                for m in checked.messages
            ],
            next_position=checked.next_position,
        )
