"""Errors ↔ gRPC: every reason both ways, over a real call, and every failure that is not the hub's."""

import grpc
import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any as AnyProto
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import (
    CLASS_OF,
    BusError,
    HubUnreachable,
    Malformed,
    QuotaExceeded,
    Reason,
    Rejected,
    Unavailable,
    error,
)
from tocsin.v1.envelope_pb2 import Refusal
from tocsin.wire.errors import (
    DOMAIN,
    MAX_FACT_BYTES,
    STATUS_OF,
    from_refusal,
    from_rpc_error,
    from_status,
    to_refusal,
    to_status,
)

FACTS = {"field": "amount", "rule": "above zero", "limit": "2", "party": "bank.icbc"}


class Failed(grpc.RpcError):
    """A failed call as grpc.aio and grpc raise it, made by hand."""

    def __init__(
        self, code: grpc.StatusCode, details: str | None = "", trailers: tuple[tuple[str, bytes], ...] | None = ()
    ) -> None:
        self._code, self._details, self._trailers = code, details, trailers

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str | None:
        return self._details

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...] | None:
        return self._trailers


def failed(err: BusError) -> Failed:
    """``err`` as a client of gRPC meets it."""
    status = rpc_status.to_status(to_status(err))
    return Failed(status.code, status.details, status.trailing_metadata)


def details(status: status_pb2.Status, kind: type) -> list:  # type: ignore[type-arg]
    found = []
    for one in status.details:
        made = kind()
        if one.Unpack(made):
            found.append(made)
    return found


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_status_and_survives_the_round_trip(reason: Reason) -> None:
    err = error(reason, **FACTS)
    assert STATUS_OF[reason] is not grpc.StatusCode.OK
    back = from_rpc_error(failed(err))
    assert (type(back), back) == (type(err), err)
    assert failed(err).details() == str(err)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_survives_as_a_refusal(reason: Reason) -> None:
    err = error(reason, **FACTS)
    refusal = Refusal.FromString(to_refusal(err).SerializeToString())
    assert (type(from_refusal(refusal)), from_refusal(refusal)) == (type(err), err)
    assert refusal.text == str(err)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_status_says_whether_to_try_again_as_the_class_does(reason: Reason) -> None:
    again = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL}
    assert (STATUS_OF[reason] in again) is CLASS_OF[reason].retryable


def test_the_statuses_that_other_systems_rely_on() -> None:
    assert STATUS_OF[Reason.POLICY_DENIED] is grpc.StatusCode.PERMISSION_DENIED
    assert STATUS_OF[Reason.SENDER_MISMATCH] is grpc.StatusCode.PERMISSION_DENIED
    assert STATUS_OF[Reason.ID_REUSED] is grpc.StatusCode.ALREADY_EXISTS
    assert STATUS_OF[Reason.QUOTA_EXCEEDED] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert STATUS_OF[Reason.UNKNOWN_FIELD] is grpc.StatusCode.INVALID_ARGUMENT
    assert STATUS_OF[Reason.HUB_UNREACHABLE] is grpc.StatusCode.UNAVAILABLE


def test_the_details_are_those_of_google_rpc() -> None:
    status = to_status(error(Reason.FIELD_MISSING, field="contact", rule="every measure carries it"))
    (info,) = details(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == ("FIELD_MISSING", DOMAIN)
    assert dict(info.metadata) == {"field": "contact", "rule": "every measure carries it"}
    (request,) = details(status, error_details_pb2.BadRequest)
    assert [(v.field, v.description) for v in request.field_violations] == [("contact", "every measure carries it")]
    assert not details(status, error_details_pb2.RetryInfo)


def test_a_wait_travels_as_retry_info_and_as_a_fact() -> None:
    err = error(Reason.QUOTA_EXCEEDED, limit="100 a minute", retry_after_ms=1500)
    (retry,) = details(to_status(err), error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == 1500
    back = from_rpc_error(failed(err))
    assert isinstance(back, QuotaExceeded)
    assert back.retry_after_ms == 1500


LONG = error(Reason.FIELD_INVALID, field="f" * 5000, rule="规" * 5000)


def test_a_long_fact_is_cut_so_that_the_trailers_arrive() -> None:
    back = from_rpc_error(failed(LONG))
    assert back.facts == {"field": "f" * MAX_FACT_BYTES, "rule": "规" * (MAX_FACT_BYTES // 3)}
    assert len(to_refusal(LONG).facts["rule"].encode()) == MAX_FACT_BYTES


FOREIGN: dict[str, tuple[Failed, Reason]] = {
    "no connection": (Failed(grpc.StatusCode.UNAVAILABLE, "failed to connect"), Reason.HUB_UNREACHABLE),
    "deadline": (Failed(grpc.StatusCode.DEADLINE_EXCEEDED), Reason.HUB_UNREACHABLE),
    "cancelled": (Failed(grpc.StatusCode.CANCELLED), Reason.HUB_UNREACHABLE),
    "a proxy that wants a password": (Failed(grpc.StatusCode.UNAUTHENTICATED), Reason.HUB_UNREACHABLE),
    "a proxy that forbids": (Failed(grpc.StatusCode.PERMISSION_DENIED, "no"), Reason.INTERNAL),
    "a service that lacks the rpc": (Failed(grpc.StatusCode.UNIMPLEMENTED), Reason.INTERNAL),
    "an exception in a servicer": (Failed(grpc.StatusCode.UNKNOWN, "KeyError"), Reason.INTERNAL),
    "no trailers at all": (Failed(grpc.StatusCode.UNKNOWN, None, None), Reason.INTERNAL),
    "gRPC's own size limit": (
        Failed(grpc.StatusCode.RESOURCE_EXHAUSTED, "CLIENT: Sent message larger than max (9 vs. 8)"),
        Reason.FRAME_TOO_LARGE,
    ),
    "out of memory": (Failed(grpc.StatusCode.RESOURCE_EXHAUSTED, "oom"), Reason.INTERNAL),
    "a status with no details": (
        Failed(
            grpc.StatusCode.NOT_FOUND,
            "x",
            (("grpc-status-details-bin", status_pb2.Status(code=5, message="x").SerializeToString()),),
        ),
        Reason.INTERNAL,
    ),
    "details that contradict the code": (
        Failed(
            grpc.StatusCode.NOT_FOUND,
            "x",
            (("grpc-status-details-bin", to_status(error(Reason.ID_REUSED)).SerializeToString()),),
        ),
        Reason.INTERNAL,
    ),
    "details that are no status": (
        Failed(grpc.StatusCode.NOT_FOUND, "x", (("grpc-status-details-bin", b"\xff"),)),
        Reason.INTERNAL,
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_the_hub_did_not_say_never_ends_an_order(case: str) -> None:
    call, reason = FOREIGN[case]
    err = from_rpc_error(call)
    assert err.reason is reason
    assert isinstance(err, Unavailable) or reason is Reason.FRAME_TOO_LARGE
    assert str(err)


def test_an_error_without_any_status_is_unavailable() -> None:
    assert isinstance(from_rpc_error(grpc.RpcError()), Unavailable)


def test_another_services_error_info_is_not_ours() -> None:
    status = status_pb2.Status(code=5, message="x")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="ID_REUSED", domain="googleapis.com"))
    status.details.append(
        AnyProto(type_url=f"type.googleapis.com/{error_details_pb2.ErrorInfo.DESCRIPTOR.full_name}", value=b"\xff")
    )
    assert from_status(status) is None


@pytest.mark.parametrize("code", [c for c in grpc.StatusCode if c is not grpc.StatusCode.OK])
def test_a_reason_of_a_later_version_keeps_what_its_status_says_about_trying_again(code: grpc.StatusCode) -> None:
    status = status_pb2.Status(code=code.value[0], message="Something new.")
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason="SOMETHING_NEW", domain=DOMAIN, metadata={"party": "bank.icbc"})
    )
    err = from_status(status)
    assert err is not None
    assert err.facts["hub_reason"] == "SOMETHING_NEW"
    assert err.facts["party"] == "bank.icbc"
    final = code in (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.ABORTED,
    )
    assert isinstance(err, Rejected if final else Unavailable)


def test_a_refusal_of_a_later_version_is_tried_again() -> None:
    err = from_refusal(Refusal(reason="SOMETHING_NEW", facts={"field": "x"}))
    assert isinstance(err, Unavailable)
    assert err.facts["hub_reason"] == "SOMETHING_NEW"


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=16), st.text(max_size=30)))
def test_a_refusal_with_any_words_becomes_an_error_that_can_be_shown(reason: str, facts: dict[str, str]) -> None:
    err = from_refusal(Refusal(reason=reason, facts=facts))
    assert str(err)
    assert err.text("zh")


@pytest.mark.parametrize("wait", ["soon", "-1", "", "１２", "9" * 30])
def test_a_wait_that_is_no_number_is_left_out(wait: str) -> None:
    err = from_refusal(Refusal(reason="QUOTA_EXCEEDED", facts={"retry_after_ms": wait}))
    assert isinstance(err, QuotaExceeded)
    assert err.retry_after_ms is None


async def test_errors_cross_a_real_connection() -> None:
    sent = error(Reason.QUOTA_EXCEEDED, limit="100 a minute", retry_after_ms=250)

    async def refuse(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        if request == b"bug":
            raise KeyError("6222020200000000006")
        await context.abort_with_status(rpc_status.to_status(to_status(LONG if request == b"long" else sent)))
        raise AssertionError("abort raises")

    handler = grpc.method_handlers_generic_handler("t.T", {"Go": grpc.unary_unary_rpc_method_handler(refuse)})
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(
        f"127.0.0.1:{port}", options=[("grpc.max_send_message_length", 1024)]
    ) as channel:
        call = channel.unary_unary("/t.T/Go")
        outcomes = []
        for request in (b"", b"bug", bytes(2048), b"long"):
            with pytest.raises(grpc.RpcError) as caught:
                await call(request)
            outcomes.append(from_rpc_error(caught.value))
        await server.stop(None)
        with pytest.raises(grpc.RpcError) as caught:
            await call(b"", timeout=5)
        outcomes.append(from_rpc_error(caught.value))
    assert outcomes[0] == sent
    assert outcomes[1].reason is Reason.INTERNAL
    assert "6222" not in str(outcomes[1])
    assert isinstance(outcomes[2], Malformed)
    assert outcomes[2] == error(Reason.FRAME_TOO_LARGE, value=2048, limit=1024)
    assert outcomes[3] == from_rpc_error(failed(LONG))
    assert isinstance(outcomes[4], HubUnreachable)
