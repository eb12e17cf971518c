from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchList(_message.Message):
    __slots__ = ("header", "list_id", "epoch", "valid_until_us", "key_check")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    KEY_CHECK_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    list_id: str
    epoch: int
    valid_until_us: int
    key_check: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., list_id: _Optional[str] = ..., epoch: _Optional[int] = ..., valid_until_us: _Optional[int] = ..., key_check: _Optional[bytes] = ...) -> None: ...

class WatchListPrivate(_message.Message):
    __slots__ = ("list_key",)
    LIST_KEY_FIELD_NUMBER: _ClassVar[int]
    list_key: bytes
    def __init__(self, list_key: _Optional[bytes] = ...) -> None: ...
