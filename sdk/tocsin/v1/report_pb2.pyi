from tocsin.v1 import header_pb2 as _header_pb2
from tocsin.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_DONE: _ClassVar[Outcome]
    OUTCOME_DONE_SHORT: _ClassVar[Outcome]
    OUTCOME_ALREADY: _ClassVar[Outcome]
    OUTCOME_MISMATCH: _ClassVar[Outcome]
    OUTCOME_NOT_FOUND: _ClassVar[Outcome]
    OUTCOME_EXEMPT: _ClassVar[Outcome]
    OUTCOME_BAD_DOCUMENT: _ClassVar[Outcome]
    OUTCOME_OUT_OF_TERM: _ClassVar[Outcome]
    OUTCOME_LIMIT_REACHED: _ClassVar[Outcome]
    OUTCOME_UNSUPPORTED: _ClassVar[Outcome]
    OUTCOME_UNREACHABLE: _ClassVar[Outcome]
    OUTCOME_REFUSED_LEGAL: _ClassVar[Outcome]
    OUTCOME_FUNDS_MOVED: _ClassVar[Outcome]
    OUTCOME_SUPERSEDED: _ClassVar[Outcome]
    OUTCOME_LAPSED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_DONE: Outcome
OUTCOME_DONE_SHORT: Outcome
OUTCOME_ALREADY: Outcome
OUTCOME_MISMATCH: Outcome
OUTCOME_NOT_FOUND: Outcome
OUTCOME_EXEMPT: Outcome
OUTCOME_BAD_DOCUMENT: Outcome
OUTCOME_OUT_OF_TERM: Outcome
OUTCOME_LIMIT_REACHED: Outcome
OUTCOME_UNSUPPORTED: Outcome
OUTCOME_UNREACHABLE: Outcome
OUTCOME_REFUSED_LEGAL: Outcome
OUTCOME_FUNDS_MOVED: Outcome
OUTCOME_SUPERSEDED: Outcome
OUTCOME_LAPSED: Outcome

class Report(_message.Message):
    __slots__ = ("header", "outcome", "held", "applied_us", "expires_us", "not_applied")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    APPLIED_US_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_US_FIELD_NUMBER: _ClassVar[int]
    NOT_APPLIED_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    outcome: Outcome
    held: _values_pb2.Money
    applied_us: int
    expires_us: int
    not_applied: _containers.RepeatedCompositeFieldContainer[ItemOutcome]
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., held: _Optional[_Union[_values_pb2.Money, _Mapping]] = ..., applied_us: _Optional[int] = ..., expires_us: _Optional[int] = ..., not_applied: _Optional[_Iterable[_Union[ItemOutcome, _Mapping]]] = ...) -> None: ...

class ItemOutcome(_message.Message):
    __slots__ = ("position", "outcome")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    position: int
    outcome: Outcome
    def __init__(self, position: _Optional[int] = ..., outcome: _Optional[_Union[Outcome, str]] = ...) -> None: ...

class ReportPrivate(_message.Message):
    __slots__ = ("reason", "balance", "available")
    REASON_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    balance: _values_pb2.Money
    available: _values_pb2.Money
    def __init__(self, reason: _Optional[str] = ..., balance: _Optional[_Union[_values_pb2.Money, _Mapping]] = ..., available: _Optional[_Union[_values_pb2.Money, _Mapping]] = ...) -> None: ...
