from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchSubjectKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_SUBJECT_KIND_UNSPECIFIED: _ClassVar[WatchSubjectKind]
    WATCH_SUBJECT_KIND_DOCUMENT: _ClassVar[WatchSubjectKind]
    WATCH_SUBJECT_KIND_PLATE: _ClassVar[WatchSubjectKind]
    WATCH_SUBJECT_KIND_PARCEL: _ClassVar[WatchSubjectKind]
    WATCH_SUBJECT_KIND_PHONE: _ClassVar[WatchSubjectKind]
    WATCH_SUBJECT_KIND_CARD: _ClassVar[WatchSubjectKind]

class WatchAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_ACTION_UNSPECIFIED: _ClassVar[WatchAction]
    WATCH_ACTION_NOTIFY: _ClassVar[WatchAction]
    WATCH_ACTION_INSPECT: _ClassVar[WatchAction]
    WATCH_ACTION_HOLD: _ClassVar[WatchAction]
WATCH_SUBJECT_KIND_UNSPECIFIED: WatchSubjectKind
WATCH_SUBJECT_KIND_DOCUMENT: WatchSubjectKind
WATCH_SUBJECT_KIND_PLATE: WatchSubjectKind
WATCH_SUBJECT_KIND_PARCEL: WatchSubjectKind
WATCH_SUBJECT_KIND_PHONE: WatchSubjectKind
WATCH_SUBJECT_KIND_CARD: WatchSubjectKind
WATCH_ACTION_UNSPECIFIED: WatchAction
WATCH_ACTION_NOTIFY: WatchAction
WATCH_ACTION_INSPECT: WatchAction
WATCH_ACTION_HOLD: WatchAction

class WatchEntry(_message.Message):
    __slots__ = ("token", "entry_no", "subject", "action", "ends_us", "details")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NO_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ENDS_US_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    entry_no: int
    subject: WatchSubjectKind
    action: WatchAction
    ends_us: int
    details: bytes
    def __init__(self, token: _Optional[bytes] = ..., entry_no: _Optional[int] = ..., subject: _Optional[_Union[WatchSubjectKind, str]] = ..., action: _Optional[_Union[WatchAction, str]] = ..., ends_us: _Optional[int] = ..., details: _Optional[bytes] = ...) -> None: ...
