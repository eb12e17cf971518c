from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchCheck(_message.Message):
    __slots__ = ("header", "list_id", "epoch", "key_check", "count", "commitment", "purpose")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    KEY_CHECK_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    list_id: str
    epoch: int
    key_check: bytes
    count: int
    commitment: bytes
    purpose: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., list_id: _Optional[str] = ..., epoch: _Optional[int] = ..., key_check: _Optional[bytes] = ..., count: _Optional[int] = ..., commitment: _Optional[bytes] = ..., purpose: _Optional[str] = ...) -> None: ...

class WatchCheckPrivate(_message.Message):
    __slots__ = ("place", "officer")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    OFFICER_FIELD_NUMBER: _ClassVar[int]
    place: str
    officer: str
    def __init__(self, place: _Optional[str] = ..., officer: _Optional[str] = ...) -> None: ...
