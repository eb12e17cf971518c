"""EnrolmentService: on its own port, server TLS only."""

from typing import Any

from tocsin.core.errors import Reason, error
from tocsin.v1 import enrolment_service_pb2 as pb
from tocsin.v1 import enrolment_service_pb2_grpc
from tocsin.wire.sequencing import receipt_to_proto
from tocsin_hub.domain.quota import Quota
from tocsin_hub.service.enrol import Enrolment, Renewal
from tocsin_hub.service.look_up import LookUp

JOINS_PER_SECOND, JOIN_BURST = 2.0, 50
"""Joins are rare; guessing is not worth the while against 128-bit codes, but it need not be cheap either."""


class EnrolmentServicer(enrolment_service_pb2_grpc.EnrolmentServiceServicer):
    """Thin."""

    def __init__(
        self, *, enrolment: Enrolment, look_up: LookUp, ca_certificate: bytes, bus_address: str, now_us: Any
    ) -> None:
        self._enrolment = enrolment
        self._look_up = look_up
        self._ca_certificate = ca_certificate
        self._bus_address = bus_address
        self._now_us = now_us
        self._quota = Quota(JOINS_PER_SECOND, JOIN_BURST)

    async def GetTrust(self, request: pb.GetTrustRequest, context: Any) -> pb.GetTrustResponse:
        """See enrolment_service.proto."""
        _, entries = await self._look_up.directory_entries(0, 1)
        return pb.GetTrustResponse(ca_certificate=self._ca_certificate, root_envelope=entries[0].envelope)

    async def Join(self, request: pb.JoinRequest, context: Any) -> pb.JoinResponse:
        """See enrolment_service.proto."""
        self._take()
        certificate, receipts = await self._enrolment.join(request.certificate_request, request.envelopes)
        return pb.JoinResponse(
            certificate=certificate,
            receipts=[receipt_to_proto(one) for one in receipts],
            bus_address=self._bus_address,
        )

    async def Renew(self, request: pb.RenewRequest, context: Any) -> pb.RenewResponse:
        """See enrolment_service.proto."""
        self._take()
        asked = Renewal(
            party=request.party, key_id=request.key_id, certificate_request=request.certificate_request,
            created_us=request.created_us, signature=request.signature,
        )  # fmt: skip
        return pb.RenewResponse(certificate=await self._enrolment.renew(asked))

    def _take(self) -> None:
        if wait_ms := self._quota.take(self._now_us()):
            raise error(Reason.QUOTA_EXCEEDED, limit=f"{JOINS_PER_SECOND:g}/s", retry_after_ms=wait_ms)
