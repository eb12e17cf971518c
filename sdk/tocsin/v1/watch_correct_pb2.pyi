from tocsin.v1 import header_pb2 as _header_pb2
from tocsin.v1 import watch_values_pb2 as _watch_values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchCorrect(_message.Message):
    __slots__ = ("header", "list_id", "epoch", "entries")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    list_id: str
    epoch: int
    entries: _containers.RepeatedCompositeFieldContainer[_watch_values_pb2.WatchEntry]
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., list_id: _Optional[str] = ..., epoch: _Optional[int] = ..., entries: _Optional[_Iterable[_Union[_watch_values_pb2.WatchEntry, _Mapping]]] = ...) -> None: ...
