from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchInstruction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_INSTRUCTION_UNSPECIFIED: _ClassVar[WatchInstruction]
    WATCH_INSTRUCTION_HOLD: _ClassVar[WatchInstruction]
    WATCH_INSTRUCTION_INSPECT: _ClassVar[WatchInstruction]
    WATCH_INSTRUCTION_LET_GO: _ClassVar[WatchInstruction]
    WATCH_INSTRUCTION_CALL: _ClassVar[WatchInstruction]
    WATCH_INSTRUCTION_WITHDRAWN: _ClassVar[WatchInstruction]
WATCH_INSTRUCTION_UNSPECIFIED: WatchInstruction
WATCH_INSTRUCTION_HOLD: WatchInstruction
WATCH_INSTRUCTION_INSPECT: WatchInstruction
WATCH_INSTRUCTION_LET_GO: WatchInstruction
WATCH_INSTRUCTION_CALL: WatchInstruction
WATCH_INSTRUCTION_WITHDRAWN: WatchInstruction

class WatchAnswered(_message.Message):
    __slots__ = ("header", "instruction")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    instruction: WatchInstruction
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., instruction: _Optional[_Union[WatchInstruction, str]] = ...) -> None: ...

class WatchAnsweredPrivate(_message.Message):
    __slots__ = ("note",)
    NOTE_FIELD_NUMBER: _ClassVar[int]
    note: str
    def __init__(self, note: _Optional[str] = ...) -> None: ...
