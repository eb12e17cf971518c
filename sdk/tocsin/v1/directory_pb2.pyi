from tocsin.v1 import header_pb2 as _header_pb2
from tocsin.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Purpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURPOSE_UNSPECIFIED: _ClassVar[Purpose]
    PURPOSE_ORDER: _ClassVar[Purpose]
    PURPOSE_APPROVE: _ClassVar[Purpose]
    PURPOSE_REPORT: _ClassVar[Purpose]
    PURPOSE_ACK: _ClassVar[Purpose]
    PURPOSE_ADMIN: _ClassVar[Purpose]

class HolderKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLDER_KIND_UNSPECIFIED: _ClassVar[HolderKind]
    HOLDER_KIND_PARTY: _ClassVar[HolderKind]
    HOLDER_KIND_OFFICER: _ClassVar[HolderKind]
    HOLDER_KIND_AGENT: _ClassVar[HolderKind]

class RevocationCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVOCATION_CAUSE_UNSPECIFIED: _ClassVar[RevocationCause]
    REVOCATION_CAUSE_RETIRED: _ClassVar[RevocationCause]
    REVOCATION_CAUSE_COMPROMISED: _ClassVar[RevocationCause]
PURPOSE_UNSPECIFIED: Purpose
PURPOSE_ORDER: Purpose
PURPOSE_APPROVE: Purpose
PURPOSE_REPORT: Purpose
PURPOSE_ACK: Purpose
PURPOSE_ADMIN: Purpose
HOLDER_KIND_UNSPECIFIED: HolderKind
HOLDER_KIND_PARTY: HolderKind
HOLDER_KIND_OFFICER: HolderKind
HOLDER_KIND_AGENT: HolderKind
REVOCATION_CAUSE_UNSPECIFIED: RevocationCause
REVOCATION_CAUSE_RETIRED: RevocationCause
REVOCATION_CAUSE_COMPROMISED: RevocationCause

class GovernanceRoot(_message.Message):
    __slots__ = ("header", "version", "threshold", "keys", "log_key")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    LOG_KEY_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    version: int
    threshold: int
    keys: _containers.RepeatedCompositeFieldContainer[RootKey]
    log_key: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., version: _Optional[int] = ..., threshold: _Optional[int] = ..., keys: _Optional[_Iterable[_Union[RootKey, _Mapping]]] = ..., log_key: _Optional[bytes] = ...) -> None: ...

class RootKey(_message.Message):
    __slots__ = ("algorithm", "public_key")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    algorithm: str
    public_key: bytes
    def __init__(self, algorithm: _Optional[str] = ..., public_key: _Optional[bytes] = ...) -> None: ...

class EnrolParty(_message.Message):
    __slots__ = ("header", "party", "display_name", "role", "region", "accepts", "escalate_to", "join_key", "join_expires_us")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_FIELD_NUMBER: _ClassVar[int]
    ESCALATE_TO_FIELD_NUMBER: _ClassVar[int]
    JOIN_KEY_FIELD_NUMBER: _ClassVar[int]
    JOIN_EXPIRES_US_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    party: str
    display_name: str
    role: _values_pb2.Role
    region: str
    accepts: _containers.RepeatedScalarFieldContainer[str]
    escalate_to: str
    join_key: bytes
    join_expires_us: int
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., party: _Optional[str] = ..., display_name: _Optional[str] = ..., role: _Optional[_Union[_values_pb2.Role, str]] = ..., region: _Optional[str] = ..., accepts: _Optional[_Iterable[str]] = ..., escalate_to: _Optional[str] = ..., join_key: _Optional[bytes] = ..., join_expires_us: _Optional[int] = ...) -> None: ...

class SuspendParty(_message.Message):
    __slots__ = ("header", "party", "suspended", "reason")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    party: str
    suspended: bool
    reason: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., party: _Optional[str] = ..., suspended: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class AddKey(_message.Message):
    __slots__ = ("header", "party", "holder", "holder_kind", "algorithm", "public_key", "purposes", "possession")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HOLDER_KIND_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    POSSESSION_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    party: str
    holder: str
    holder_kind: HolderKind
    algorithm: str
    public_key: bytes
    purposes: _containers.RepeatedScalarFieldContainer[Purpose]
    possession: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., party: _Optional[str] = ..., holder: _Optional[str] = ..., holder_kind: _Optional[_Union[HolderKind, str]] = ..., algorithm: _Optional[str] = ..., public_key: _Optional[bytes] = ..., purposes: _Optional[_Iterable[_Union[Purpose, str]]] = ..., possession: _Optional[bytes] = ...) -> None: ...

class RevokeKey(_message.Message):
    __slots__ = ("header", "party", "key_id", "cause", "compromised_since")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    COMPROMISED_SINCE_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    party: str
    key_id: str
    cause: RevocationCause
    compromised_since: int
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., party: _Optional[str] = ..., key_id: _Optional[str] = ..., cause: _Optional[_Union[RevocationCause, str]] = ..., compromised_since: _Optional[int] = ...) -> None: ...

class ServeRanges(_message.Message):
    __slots__ = ("header", "party", "ranges")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    party: str
    ranges: _containers.RepeatedCompositeFieldContainer[_values_pb2.Range]
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., party: _Optional[str] = ..., ranges: _Optional[_Iterable[_Union[_values_pb2.Range, _Mapping]]] = ...) -> None: ...

class PolicyVersion(_message.Message):
    __slots__ = ("header", "version", "document")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    version: int
    document: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., version: _Optional[int] = ..., document: _Optional[bytes] = ...) -> None: ...

class ProfileVersion(_message.Message):
    __slots__ = ("header", "name", "version", "document")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    name: str
    version: int
    document: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., name: _Optional[str] = ..., version: _Optional[int] = ..., document: _Optional[bytes] = ...) -> None: ...
