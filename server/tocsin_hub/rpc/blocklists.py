"""BlocklistService: what a carrier's copy of its blocks has to take up."""

import contextlib
from typing import Any

from tocsin.v1 import blocklist_service_pb2 as pb
from tocsin.v1 import blocklist_service_pb2_grpc, order_service_pb2
from tocsin.wire.sequencing import sequencing_to_proto
from tocsin_hub.rpc.guard import PARTY
from tocsin_hub.service.block_changes import BlockChanges


class BlocklistServicer(blocklist_service_pb2_grpc.BlocklistServiceServicer):
    """Thin."""

    def __init__(self, changes: BlockChanges) -> None:
        self._changes = changes

    async def ListChanges(self, request: pb.ListChangesRequest, context: Any) -> None:
        """See blocklist_service.proto. A frame is read once the one before is on its way."""
        async with contextlib.aclosing(self._changes.after(request.after_index, caller=PARTY.get())) as frames:
            async for frame in frames:
                await context.write(
                    pb.ListChangesResponse(
                        messages=[
                            order_service_pb2.LoggedMessage(
                                envelope=one.envelope, sequencing=sequencing_to_proto(one.sequencing)
                            )
                            for one in frame.messages
                        ],
                        through_index=frame.through_index,
                    )
                )
