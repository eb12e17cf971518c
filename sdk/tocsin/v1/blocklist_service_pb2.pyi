from tocsin.v1 import order_service_pb2 as _order_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListChangesRequest(_message.Message):
    __slots__ = ("after_index",)
    AFTER_INDEX_FIELD_NUMBER: _ClassVar[int]
    after_index: int
    def __init__(self, after_index: _Optional[int] = ...) -> None: ...

class ListChangesResponse(_message.Message):
    __slots__ = ("messages", "through_index")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    THROUGH_INDEX_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_order_service_pb2.LoggedMessage]
    through_index: int
    def __init__(self, messages: _Optional[_Iterable[_Union[_order_service_pb2.LoggedMessage, _Mapping]]] = ..., through_index: _Optional[int] = ...) -> None: ...
