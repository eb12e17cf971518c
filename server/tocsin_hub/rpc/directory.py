"""DirectoryService: the directory as signed entries."""

from typing import Any

from tocsin.v1 import directory_service_pb2 as pb
from tocsin.v1 import directory_service_pb2_grpc
from tocsin.wire.sequencing import sequencing_to_proto
from tocsin_hub.service.look_up import LookUp

PAGE = 500
"""Entries of one answer: a few hundred kilobytes, well under a frame."""


class DirectoryServicer(directory_service_pb2_grpc.DirectoryServiceServicer):
    """Thin."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up

    async def ListEntries(self, request: pb.ListEntriesRequest, context: Any) -> pb.ListEntriesResponse:
        """See directory_service.proto."""
        version, entries = await self._look_up.directory_entries(request.after_version, PAGE)
        return pb.ListEntriesResponse(
            directory_version=version,
            entries=[
                pb.DirectoryEntry(
                    version=entry.version, envelope=entry.envelope, sequencing=sequencing_to_proto(entry.sequencing)
                )
                for entry in entries
            ],
        )
