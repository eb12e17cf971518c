"""Errors of the bus ↔ gRPC, in one table and both directions (AIP-193).

* On the wire: ``google.rpc.Status`` with ``ErrorInfo(reason, domain="tocsin", metadata=facts)``, ``BadRequest`` when a
  fact names a field, ``RetryInfo`` when a fact says when to come back. The message is the English text.
* Only a status with our ``ErrorInfo`` can be final. One without comes from a proxy, a broken connection or gRPC itself,
  proves nothing about the message, and is ``Unavailable``: no middlebox ends an order. The one exception is gRPC's own
  size limit.
* A reason this version does not know keeps what its status code says about trying again.
* A caller of gRPC passes every ``grpc.RpcError`` through ``from_rpc_error``; none reaches a user.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from tocsin.core.errors import (
    CLASS_OF,
    BusError,
    Draining,
    HubUnreachable,
    IdReused,
    LocalFault,
    Malformed,
    NotFound,
    NotPermitted,
    NotRoutable,
    QuotaExceeded,
    Reason,
    RuleBroken,
    SignatureInvalid,
    StoreBusy,
    Unavailable,
    WrongState,
    error,
)
from tocsin.v1 import envelope_pb2

DOMAIN = "tocsin"

MAX_FACT_BYTES = 300
"""UTF-8 bytes of one fact on the wire: gRPC drops an answer whose trailers pass 8 KiB, and with it the reason; a fact
stands in them up to four times, percent-encoded or in base64."""

_BY_CLASS: Mapping[type[BusError], grpc.StatusCode] = MappingProxyType(
    {
        Malformed: grpc.StatusCode.INVALID_ARGUMENT,
        SignatureInvalid: grpc.StatusCode.UNAUTHENTICATED,
        NotPermitted: grpc.StatusCode.PERMISSION_DENIED,
        NotRoutable: grpc.StatusCode.FAILED_PRECONDITION,
        RuleBroken: grpc.StatusCode.FAILED_PRECONDITION,
        WrongState: grpc.StatusCode.FAILED_PRECONDITION,
        IdReused: grpc.StatusCode.ALREADY_EXISTS,
        NotFound: grpc.StatusCode.NOT_FOUND,
        LocalFault: grpc.StatusCode.FAILED_PRECONDITION,
        HubUnreachable: grpc.StatusCode.UNAVAILABLE,
        StoreBusy: grpc.StatusCode.UNAVAILABLE,
        Draining: grpc.StatusCode.UNAVAILABLE,
        QuotaExceeded: grpc.StatusCode.RESOURCE_EXHAUSTED,
        Unavailable: grpc.StatusCode.INTERNAL,
    }
)

_BY_REASON: Mapping[Reason, grpc.StatusCode] = MappingProxyType(
    {
        Reason.RANGE_TAKEN: grpc.StatusCode.ALREADY_EXISTS,
        Reason.PARTY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
        Reason.KEY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
        Reason.ATTEMPT_FENCED: grpc.StatusCode.ABORTED,
        Reason.STORE_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)

STATUS_OF: Mapping[Reason, grpc.StatusCode] = MappingProxyType(
    {reason: _BY_REASON.get(reason, _BY_CLASS[CLASS_OF[reason]]) for reason in Reason}
)
"""The status code of each reason."""

_STAND_IN: Mapping[int, Reason] = MappingProxyType(
    {
        code_pb2.INVALID_ARGUMENT: Reason.MALFORMED,
        code_pb2.UNAUTHENTICATED: Reason.SIGNATURE_INVALID,
        code_pb2.PERMISSION_DENIED: Reason.POLICY_DENIED,
        code_pb2.FAILED_PRECONDITION: Reason.TRANSITION_REFUSED,
        code_pb2.ALREADY_EXISTS: Reason.ID_REUSED,
        code_pb2.NOT_FOUND: Reason.NOT_FOUND,
        code_pb2.ABORTED: Reason.ATTEMPT_FENCED,
        code_pb2.UNAVAILABLE: Reason.HUB_UNREACHABLE,
        code_pb2.RESOURCE_EXHAUSTED: Reason.QUOTA_EXCEEDED,
    }
)
"""What stands in for a reason of a later version, by status code; anything else is INTERNAL."""

_TRANSPORT = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNAUTHENTICATED,
    }
)
"""Codes that gRPC and TLS raise themselves when there is no hub at the other end."""

_OVERSIZE = re.compile(r"larger than max \((\d+) vs\. (\d+)\)")
"""What gRPC says of a message beyond the channel's limit, sent or received."""


def to_status(err: BusError) -> status_pb2.Status:
    """``err`` as a status; ``grpc_status.rpc_status.to_status`` makes it what a servicer aborts with."""
    err = _short(err)
    facts = dict(err.facts)
    status = status_pb2.Status(code=STATUS_OF[err.reason].value[0], message=str(err))
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=err.reason.value, domain=DOMAIN, metadata=facts))
    if "field" in facts:
        violation = error_details_pb2.BadRequest.FieldViolation(field=facts["field"], description=facts.get("rule", ""))
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(err, Unavailable) and err.retry_after_ms is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(err.retry_after_ms)
        status.details.add().Pack(retry)
    return status


def from_status(status: status_pb2.Status) -> BusError | None:
    """The error a status of the hub stands for; None when it does not come from the hub."""
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        try:
            ours = detail.Unpack(info) and info.domain == DOMAIN
        except DecodeError:  # a detail nobody can read is not the hub's
            continue
        if ours:
            return _known(info.reason, dict(info.metadata), _STAND_IN.get(status.code, Reason.INTERNAL))
    return None


def from_rpc_error(err: grpc.RpcError) -> BusError:
    """The error behind a failed call, whatever failed; chain it with ``raise … from``."""
    if not hasattr(err, "code"):  # grpc raises a bare RpcError for calls it never made
        return error(Reason.HUB_UNREACHABLE)
    call: Any = err  # AioRpcError has what a Call has, without being one
    code: grpc.StatusCode = call.code()
    try:
        status = rpc_status.from_call(call)
    except (ValueError, DecodeError):  # details that contradict the code, or are no status: not made by the hub
        status = None
    known = from_status(status) if status is not None else None
    if known is not None:
        return known
    oversize = _OVERSIZE.search(call.details() or "")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and oversize:
        return error(Reason.FRAME_TOO_LARGE, value=oversize[1], limit=oversize[2])
    if code in _TRANSPORT:
        return error(Reason.HUB_UNREACHABLE, status=code.name)
    return error(Reason.INTERNAL, incident=code.name)


def to_refusal(err: BusError) -> envelope_pb2.Refusal:
    """``err`` as the answer to one envelope of a frame."""
    err = _short(err)
    return envelope_pb2.Refusal(reason=err.reason.value, facts=dict(err.facts), text=str(err))


def from_refusal(refusal: envelope_pb2.Refusal) -> BusError:
    """The error a refusal stands for. One of a later version is ``Unavailable``: what cannot be read is not called
    final."""
    return _known(refusal.reason, dict(refusal.facts), Reason.INTERNAL)


def _known(name: str, facts: dict[str, str], stand_in: Reason) -> BusError:
    """The error ``name``, or ``stand_in`` with the foreign name as a fact; facts that break our own rules are left
    out."""
    after = facts.get("retry_after_ms")
    if after is not None and not (after.isascii() and after.isdecimal() and len(after) < 12):
        del facts["retry_after_ms"]
    if name in Reason.__members__:
        return error(Reason(name), **facts)
    return error(stand_in, **{"hint": name[:MAX_FACT_BYTES], **facts, "hub_reason": name[:MAX_FACT_BYTES]})


def _short(err: BusError) -> BusError:
    return error(
        err.reason,
        **{k: v.encode(errors="replace")[:MAX_FACT_BYTES].decode(errors="ignore") for k, v in err.facts.items()},
    )
