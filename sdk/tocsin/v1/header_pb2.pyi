from tocsin.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Lane(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANE_UNSPECIFIED: _ClassVar[Lane]
    LANE_URGENT: _ClassVar[Lane]
    LANE_ROUTINE: _ClassVar[Lane]

class HolderNotice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLDER_NOTICE_UNSPECIFIED: _ClassVar[HolderNotice]
    HOLDER_NOTICE_FULL: _ClassVar[HolderNotice]
    HOLDER_NOTICE_MEASURE_ONLY: _ClassVar[HolderNotice]
    HOLDER_NOTICE_NONE: _ClassVar[HolderNotice]
LANE_UNSPECIFIED: Lane
LANE_URGENT: Lane
LANE_ROUTINE: Lane
HOLDER_NOTICE_UNSPECIFIED: HolderNotice
HOLDER_NOTICE_FULL: HolderNotice
HOLDER_NOTICE_MEASURE_ONLY: HolderNotice
HOLDER_NOTICE_NONE: HolderNotice

class Header(_message.Message):
    __slots__ = ("message_id", "sender", "author_key", "recipients", "target", "audience", "created_us", "expires_us", "lane", "case_ref", "case_filing_no", "legal_basis", "contact", "remedy", "holder_notice", "thread", "on_behalf_of", "exercise", "parts")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_KEY_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_US_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_US_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    CASE_REF_FIELD_NUMBER: _ClassVar[int]
    CASE_FILING_NO_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    HOLDER_NOTICE_FIELD_NUMBER: _ClassVar[int]
    THREAD_FIELD_NUMBER: _ClassVar[int]
    ON_BEHALF_OF_FIELD_NUMBER: _ClassVar[int]
    EXERCISE_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    sender: str
    author_key: str
    recipients: _containers.RepeatedScalarFieldContainer[str]
    target: _values_pb2.Identifier
    audience: str
    created_us: int
    expires_us: int
    lane: Lane
    case_ref: str
    case_filing_no: str
    legal_basis: LegalBasis
    contact: str
    remedy: str
    holder_notice: HolderNotice
    thread: Thread
    on_behalf_of: str
    exercise: bool
    parts: _containers.RepeatedCompositeFieldContainer[Part]
    def __init__(self, message_id: _Optional[bytes] = ..., sender: _Optional[str] = ..., author_key: _Optional[str] = ..., recipients: _Optional[_Iterable[str]] = ..., target: _Optional[_Union[_values_pb2.Identifier, _Mapping]] = ..., audience: _Optional[str] = ..., created_us: _Optional[int] = ..., expires_us: _Optional[int] = ..., lane: _Optional[_Union[Lane, str]] = ..., case_ref: _Optional[str] = ..., case_filing_no: _Optional[str] = ..., legal_basis: _Optional[_Union[LegalBasis, _Mapping]] = ..., contact: _Optional[str] = ..., remedy: _Optional[str] = ..., holder_notice: _Optional[_Union[HolderNotice, str]] = ..., thread: _Optional[_Union[Thread, _Mapping]] = ..., on_behalf_of: _Optional[str] = ..., exercise: _Optional[bool] = ..., parts: _Optional[_Iterable[_Union[Part, _Mapping]]] = ...) -> None: ...

class Thread(_message.Message):
    __slots__ = ("root_id", "parent_id", "supersedes")
    ROOT_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDES_FIELD_NUMBER: _ClassVar[int]
    root_id: bytes
    parent_id: bytes
    supersedes: bytes
    def __init__(self, root_id: _Optional[bytes] = ..., parent_id: _Optional[bytes] = ..., supersedes: _Optional[bytes] = ...) -> None: ...

class LegalBasis(_message.Message):
    __slots__ = ("profile", "statute", "article", "document_no", "document_sha256")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    STATUTE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NO_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_SHA256_FIELD_NUMBER: _ClassVar[int]
    profile: str
    statute: str
    article: str
    document_no: str
    document_sha256: bytes
    def __init__(self, profile: _Optional[str] = ..., statute: _Optional[str] = ..., article: _Optional[str] = ..., document_no: _Optional[str] = ..., document_sha256: _Optional[bytes] = ...) -> None: ...

class Part(_message.Message):
    __slots__ = ("name", "media_type", "plaintext_hash", "ciphertext", "wraps")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    PLAINTEXT_HASH_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    WRAPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    media_type: str
    plaintext_hash: bytes
    ciphertext: bytes
    wraps: _containers.RepeatedCompositeFieldContainer[Wrap]
    def __init__(self, name: _Optional[str] = ..., media_type: _Optional[str] = ..., plaintext_hash: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ..., wraps: _Optional[_Iterable[_Union[Wrap, _Mapping]]] = ...) -> None: ...

class Wrap(_message.Message):
    __slots__ = ("party", "key_id", "sealed_key")
    PARTY_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_KEY_FIELD_NUMBER: _ClassVar[int]
    party: str
    key_id: str
    sealed_key: bytes
    def __init__(self, party: _Optional[str] = ..., key_id: _Optional[str] = ..., sealed_key: _Optional[bytes] = ...) -> None: ...
