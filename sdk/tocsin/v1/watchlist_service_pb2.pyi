from tocsin.v1 import envelope_pb2 as _envelope_pb2
from tocsin.v1 import order_service_pb2 as _order_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckRequest(_message.Message):
    __slots__ = ("envelope", "salt", "tokens", "from_position")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    FROM_POSITION_FIELD_NUMBER: _ClassVar[int]
    envelope: bytes
    salt: bytes
    tokens: _containers.RepeatedScalarFieldContainer[bytes]
    from_position: int
    def __init__(self, envelope: _Optional[bytes] = ..., salt: _Optional[bytes] = ..., tokens: _Optional[_Iterable[bytes]] = ..., from_position: _Optional[int] = ...) -> None: ...

class CheckResponse(_message.Message):
    __slots__ = ("receipt", "hits", "entries", "next_position")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_POSITION_FIELD_NUMBER: _ClassVar[int]
    receipt: _envelope_pb2.Receipt
    hits: _containers.RepeatedCompositeFieldContainer[CheckHit]
    entries: _containers.RepeatedCompositeFieldContainer[_order_service_pb2.LoggedMessage]
    next_position: int
    def __init__(self, receipt: _Optional[_Union[_envelope_pb2.Receipt, _Mapping]] = ..., hits: _Optional[_Iterable[_Union[CheckHit, _Mapping]]] = ..., entries: _Optional[_Iterable[_Union[_order_service_pb2.LoggedMessage, _Mapping]]] = ..., next_position: _Optional[int] = ...) -> None: ...

class CheckHit(_message.Message):
    __slots__ = ("position", "message", "entry")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    position: int
    message: int
    entry: int
    def __init__(self, position: _Optional[int] = ..., message: _Optional[int] = ..., entry: _Optional[int] = ...) -> None: ...
