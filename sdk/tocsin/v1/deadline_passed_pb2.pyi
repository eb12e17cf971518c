from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deadline(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEADLINE_UNSPECIFIED: _ClassVar[Deadline]
    DEADLINE_ANSWER_NOT_FETCHED: _ClassVar[Deadline]
    DEADLINE_ANSWER_FETCHED: _ClassVar[Deadline]
    DEADLINE_MEASURE_END: _ClassVar[Deadline]
    DEADLINE_EXECUTION: _ClassVar[Deadline]
    DEADLINE_DELIVERY: _ClassVar[Deadline]
DEADLINE_UNSPECIFIED: Deadline
DEADLINE_ANSWER_NOT_FETCHED: Deadline
DEADLINE_ANSWER_FETCHED: Deadline
DEADLINE_MEASURE_END: Deadline
DEADLINE_EXECUTION: Deadline
DEADLINE_DELIVERY: Deadline

class DeadlinePassed(_message.Message):
    __slots__ = ("header", "deadline", "due_us", "party")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    DUE_US_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    deadline: Deadline
    due_us: int
    party: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., deadline: _Optional[_Union[Deadline, str]] = ..., due_us: _Optional[int] = ..., party: _Optional[str] = ...) -> None: ...
