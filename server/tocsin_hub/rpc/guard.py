"""Stands before every rpc: who calls, may they, and how errors leave.

* Deny by default: an rpc without a row in the policy, or with a row for another kind of caller, is refused with the row's name.
* A member is the party in the SPIFFE id of its certificate, enrolled and not suspended, judged at each call.
* Errors of the bus leave as ``google.rpc.Status``; anything else leaves as INTERNAL without a word of what it was, and is logged
  under the request id that the caller is told.
"""

import secrets
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import grpc
import structlog
from grpc_status import rpc_status

from tocsin.core.directory import Directory
from tocsin.core.errors import BusError, Reason, error
from tocsin.core.policy import Caller
from tocsin.crypto.tls import party_of_spiffe_id
from tocsin.wire.errors import to_status
from tocsin_hub.metrics import RPCS

PARTY: ContextVar[str] = ContextVar("party")
"""The calling party of the rpc in progress; set for members only."""

_log = structlog.get_logger("rpc")

_Behaviour = Callable[[Any, Any], Awaitable[Any]]


class Guard(grpc.aio.ServerInterceptor):
    """The interceptor of one port.

    Args:
        caller: Who reaches this port.
        directory: The directory in force.
    """

    def __init__(self, *, bus: str, caller: Caller, directory: Callable[[], Directory]) -> None:
        self._bus = bus
        self._caller = caller
        self._directory = directory

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        """Wraps the handler of ``details.method``."""
        handler = await continuation(details)
        if handler is None:
            return None
        method = details.method.removeprefix("/")
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(
                self._wrapped(method, handler.stream_stream), handler.request_deserializer, handler.response_serializer
            )
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(
                self._wrapped(method, handler.unary_stream), handler.request_deserializer, handler.response_serializer
            )
        return grpc.unary_unary_rpc_method_handler(
            self._wrapped(method, handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )

    def _wrapped(self, method: str, behaviour: _Behaviour) -> _Behaviour:
        async def guarded(request: Any, context: Any) -> Any:
            try:
                self._check(method, context)
                answer = await behaviour(request, context)
            except BusError as failure:
                RPCS.labels(method, failure.reason.value).inc()
                await context.abort_with_status(rpc_status.to_status(to_status(failure)))
                raise AssertionError("abort raises") from failure
            except grpc.aio.AbortError:
                raise
            except Exception as failure:  # the last line of defence: nothing of an unforeseen fault may leave
                request_id = secrets.token_hex(8)
                RPCS.labels(method, Reason.INTERNAL.value).inc()
                _log.exception("rpc failed", action="rpc_failed", method=method, request_id=request_id)
                internal = error(Reason.INTERNAL, request_id=request_id)
                await context.abort_with_status(rpc_status.to_status(to_status(internal)))
                raise AssertionError("abort raises") from failure
            RPCS.labels(method, "OK").inc()
            return answer

        return guarded

    def _check(self, method: str, context: Any) -> None:
        directory = self._directory()
        row = directory.policy.rpcs.get(method) if directory.policy is not None else None
        if row is not self._caller:
            raise error(Reason.POLICY_DENIED, row=method, rule="caller")
        if self._caller is Caller.MEMBER:
            name = self._member(context)
            if directory.party(name).suspended:
                raise error(Reason.PARTY_SUSPENDED, party=name)
            PARTY.set(name)

    def _member(self, context: Any) -> str:
        names = [san for san in context.auth_context().get("x509_subject_alternative_name", []) if b"://" in san]
        if len(names) != 1:
            raise error(Reason.SENDER_MISMATCH, field="certificate", sender="?", connection="?")
        return party_of_spiffe_id(names[0].decode("ascii", "replace"), self._bus)
