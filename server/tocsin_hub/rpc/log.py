"""LogService: checkpoints, proofs and leaves."""

from typing import Any

from tocsin.clock import Clock
from tocsin.v1 import log_service_pb2 as pb
from tocsin.v1 import log_service_pb2_grpc
from tocsin_hub.service.look_up import LookUp

MAX_LEAVES = 5_000
"""Leaves of one answer: 400 KiB."""


class LogServicer(log_service_pb2_grpc.LogServiceServicer):
    """Thin."""

    def __init__(self, look_up: LookUp, clock: Clock) -> None:
        self._look_up = look_up
        self._clock = clock

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, context: Any) -> pb.GetCheckpointResponse:
        """See log_service.proto."""
        return pb.GetCheckpointResponse(checkpoint=await self._look_up.checkpoint(), now_us=self._clock.now_us())

    async def GetInclusionProof(
        self, request: pb.GetInclusionProofRequest, context: Any
    ) -> pb.GetInclusionProofResponse:
        """See log_service.proto."""
        return pb.GetInclusionProofResponse(path=await self._look_up.inclusion(request.log_index, request.tree_size))

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, context: Any
    ) -> pb.GetConsistencyProofResponse:
        """See log_service.proto."""
        path = await self._look_up.consistency(request.first_size, request.second_size)
        return pb.GetConsistencyProofResponse(path=path)

    async def ListLeaves(self, request: pb.ListLeavesRequest, context: Any) -> pb.ListLeavesResponse:
        """See log_service.proto."""
        limit = min(request.limit or MAX_LEAVES, MAX_LEAVES)
        return pb.ListLeavesResponse(leaves=await self._look_up.leaves(request.first_index, limit))
