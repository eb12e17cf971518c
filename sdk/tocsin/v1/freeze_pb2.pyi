from tocsin.v1 import header_pb2 as _header_pb2
from tocsin.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FreezeType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FREEZE_TYPE_UNSPECIFIED: _ClassVar[FreezeType]
    FREEZE_TYPE_AMOUNT: _ClassVar[FreezeType]
    FREEZE_TYPE_CREDIT_ONLY: _ClassVar[FreezeType]
    FREEZE_TYPE_FULL: _ClassVar[FreezeType]

class FreezeTerm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FREEZE_TERM_UNSPECIFIED: _ClassVar[FreezeTerm]
    FREEZE_TERM_STANDARD: _ClassVar[FreezeTerm]
    FREEZE_TERM_MAJOR: _ClassVar[FreezeTerm]
FREEZE_TYPE_UNSPECIFIED: FreezeType
FREEZE_TYPE_AMOUNT: FreezeType
FREEZE_TYPE_CREDIT_ONLY: FreezeType
FREEZE_TYPE_FULL: FreezeType
FREEZE_TERM_UNSPECIFIED: FreezeTerm
FREEZE_TERM_STANDARD: FreezeTerm
FREEZE_TERM_MAJOR: FreezeTerm

class Freeze(_message.Message):
    __slots__ = ("header", "freeze_type", "amount", "term", "necessity")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    FREEZE_TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    NECESSITY_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    freeze_type: FreezeType
    amount: _values_pb2.Money
    term: FreezeTerm
    necessity: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., freeze_type: _Optional[_Union[FreezeType, str]] = ..., amount: _Optional[_Union[_values_pb2.Money, _Mapping]] = ..., term: _Optional[_Union[FreezeTerm, str]] = ..., necessity: _Optional[str] = ...) -> None: ...

class FreezePrivate(_message.Message):
    __slots__ = ("holder", "holder_id", "reason")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HOLDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    holder: str
    holder_id: str
    reason: str
    def __init__(self, holder: _Optional[str] = ..., holder_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
