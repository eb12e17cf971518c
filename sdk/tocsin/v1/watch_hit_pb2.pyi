from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchHit(_message.Message):
    __slots__ = ("header", "list_id", "epoch", "entry_no", "entry_hash", "check_id")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NO_FIELD_NUMBER: _ClassVar[int]
    ENTRY_HASH_FIELD_NUMBER: _ClassVar[int]
    CHECK_ID_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    list_id: str
    epoch: int
    entry_no: int
    entry_hash: bytes
    check_id: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., list_id: _Optional[str] = ..., epoch: _Optional[int] = ..., entry_no: _Optional[int] = ..., entry_hash: _Optional[bytes] = ..., check_id: _Optional[bytes] = ...) -> None: ...

class WatchHitPrivate(_message.Message):
    __slots__ = ("place", "officer", "met_us", "note")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    OFFICER_FIELD_NUMBER: _ClassVar[int]
    MET_US_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    place: str
    officer: str
    met_us: int
    note: str
    def __init__(self, place: _Optional[str] = ..., officer: _Optional[str] = ..., met_us: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...
