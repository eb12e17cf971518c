from tocsin.v1 import header_pb2 as _header_pb2
from tocsin.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StopScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STOP_SCOPE_UNSPECIFIED: _ClassVar[StopScope]
    STOP_SCOPE_AMOUNT: _ClassVar[StopScope]
    STOP_SCOPE_WHOLE_ACCOUNT: _ClassVar[StopScope]
    STOP_SCOPE_TRANSACTION: _ClassVar[StopScope]
STOP_SCOPE_UNSPECIFIED: StopScope
STOP_SCOPE_AMOUNT: StopScope
STOP_SCOPE_WHOLE_ACCOUNT: StopScope
STOP_SCOPE_TRANSACTION: StopScope

class StopPayment(_message.Message):
    __slots__ = ("header", "scope", "amount", "transaction_ref", "necessity")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_REF_FIELD_NUMBER: _ClassVar[int]
    NECESSITY_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    scope: StopScope
    amount: _values_pb2.Money
    transaction_ref: str
    necessity: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., scope: _Optional[_Union[StopScope, str]] = ..., amount: _Optional[_Union[_values_pb2.Money, _Mapping]] = ..., transaction_ref: _Optional[str] = ..., necessity: _Optional[str] = ...) -> None: ...

class StopPaymentPrivate(_message.Message):
    __slots__ = ("holder", "reason", "victim", "transferred", "transferred_us")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VICTIM_FIELD_NUMBER: _ClassVar[int]
    TRANSFERRED_FIELD_NUMBER: _ClassVar[int]
    TRANSFERRED_US_FIELD_NUMBER: _ClassVar[int]
    holder: str
    reason: str
    victim: str
    transferred: _values_pb2.Money
    transferred_us: int
    def __init__(self, holder: _Optional[str] = ..., reason: _Optional[str] = ..., victim: _Optional[str] = ..., transferred: _Optional[_Union[_values_pb2.Money, _Mapping]] = ..., transferred_us: _Optional[int] = ...) -> None: ...
