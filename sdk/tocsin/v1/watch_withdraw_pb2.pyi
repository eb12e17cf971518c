from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchWithdraw(_message.Message):
    __slots__ = ("header", "list_id", "epoch", "tokens")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    list_id: str
    epoch: int
    tokens: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., list_id: _Optional[str] = ..., epoch: _Optional[int] = ..., tokens: _Optional[_Iterable[bytes]] = ...) -> None: ...

class WatchWithdrawPrivate(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...
