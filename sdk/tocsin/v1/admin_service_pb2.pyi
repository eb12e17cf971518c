from tocsin.v1 import envelope_pb2 as _envelope_pb2
from tocsin.v1 import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("bus", "version", "epoch", "generation", "log_size", "directory_version", "sessions", "pending_urgent", "pending_routine", "dead_letters", "alarms", "synchronous", "now_us", "started_us")
    BUS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    LOG_SIZE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    PENDING_URGENT_FIELD_NUMBER: _ClassVar[int]
    PENDING_ROUTINE_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTERS_FIELD_NUMBER: _ClassVar[int]
    ALARMS_FIELD_NUMBER: _ClassVar[int]
    SYNCHRONOUS_FIELD_NUMBER: _ClassVar[int]
    NOW_US_FIELD_NUMBER: _ClassVar[int]
    STARTED_US_FIELD_NUMBER: _ClassVar[int]
    bus: str
    version: str
    epoch: int
    generation: int
    log_size: int
    directory_version: int
    sessions: int
    pending_urgent: int
    pending_routine: int
    dead_letters: int
    alarms: _containers.RepeatedScalarFieldContainer[str]
    synchronous: str
    now_us: int
    started_us: int
    def __init__(self, bus: _Optional[str] = ..., version: _Optional[str] = ..., epoch: _Optional[int] = ..., generation: _Optional[int] = ..., log_size: _Optional[int] = ..., directory_version: _Optional[int] = ..., sessions: _Optional[int] = ..., pending_urgent: _Optional[int] = ..., pending_routine: _Optional[int] = ..., dead_letters: _Optional[int] = ..., alarms: _Optional[_Iterable[str]] = ..., synchronous: _Optional[str] = ..., now_us: _Optional[int] = ..., started_us: _Optional[int] = ...) -> None: ...

class PublishGovernanceRequest(_message.Message):
    __slots__ = ("envelope",)
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    envelope: bytes
    def __init__(self, envelope: _Optional[bytes] = ...) -> None: ...

class PublishGovernanceResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _envelope_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_envelope_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListPartiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPartiesResponse(_message.Message):
    __slots__ = ("parties",)
    PARTIES_FIELD_NUMBER: _ClassVar[int]
    parties: _containers.RepeatedCompositeFieldContainer[PartySummary]
    def __init__(self, parties: _Optional[_Iterable[_Union[PartySummary, _Mapping]]] = ...) -> None: ...

class PartySummary(_message.Message):
    __slots__ = ("party", "display_name", "role", "region", "suspended", "joined", "escalate_to", "ranges", "keys", "connected", "pending_urgent", "pending_routine")
    PARTY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    JOINED_FIELD_NUMBER: _ClassVar[int]
    ESCALATE_TO_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    PENDING_URGENT_FIELD_NUMBER: _ClassVar[int]
    PENDING_ROUTINE_FIELD_NUMBER: _ClassVar[int]
    party: str
    display_name: str
    role: _values_pb2.Role
    region: str
    suspended: bool
    joined: bool
    escalate_to: str
    ranges: _containers.RepeatedCompositeFieldContainer[_values_pb2.Range]
    keys: _containers.RepeatedCompositeFieldContainer[KeySummary]
    connected: bool
    pending_urgent: int
    pending_routine: int
    def __init__(self, party: _Optional[str] = ..., display_name: _Optional[str] = ..., role: _Optional[_Union[_values_pb2.Role, str]] = ..., region: _Optional[str] = ..., suspended: _Optional[bool] = ..., joined: _Optional[bool] = ..., escalate_to: _Optional[str] = ..., ranges: _Optional[_Iterable[_Union[_values_pb2.Range, _Mapping]]] = ..., keys: _Optional[_Iterable[_Union[KeySummary, _Mapping]]] = ..., connected: _Optional[bool] = ..., pending_urgent: _Optional[int] = ..., pending_routine: _Optional[int] = ...) -> None: ...

class KeySummary(_message.Message):
    __slots__ = ("key_id", "holder", "algorithm", "purposes", "revoked", "fingerprint")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    holder: str
    algorithm: str
    purposes: _containers.RepeatedScalarFieldContainer[str]
    revoked: bool
    fingerprint: str
    def __init__(self, key_id: _Optional[str] = ..., holder: _Optional[str] = ..., algorithm: _Optional[str] = ..., purposes: _Optional[_Iterable[str]] = ..., revoked: _Optional[bool] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class ListDeadLettersRequest(_message.Message):
    __slots__ = ("party",)
    PARTY_FIELD_NUMBER: _ClassVar[int]
    party: str
    def __init__(self, party: _Optional[str] = ...) -> None: ...

class ListDeadLettersResponse(_message.Message):
    __slots__ = ("dead_letters",)
    DEAD_LETTERS_FIELD_NUMBER: _ClassVar[int]
    dead_letters: _containers.RepeatedCompositeFieldContainer[DeadLetter]
    def __init__(self, dead_letters: _Optional[_Iterable[_Union[DeadLetter, _Mapping]]] = ...) -> None: ...

class DeadLetter(_message.Message):
    __slots__ = ("party", "lane", "subscription", "seq", "message_id", "kind", "attempts", "reason", "parked_us")
    PARTY_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PARKED_US_FIELD_NUMBER: _ClassVar[int]
    party: str
    lane: str
    subscription: str
    seq: int
    message_id: bytes
    kind: str
    attempts: int
    reason: str
    parked_us: int
    def __init__(self, party: _Optional[str] = ..., lane: _Optional[str] = ..., subscription: _Optional[str] = ..., seq: _Optional[int] = ..., message_id: _Optional[bytes] = ..., kind: _Optional[str] = ..., attempts: _Optional[int] = ..., reason: _Optional[str] = ..., parked_us: _Optional[int] = ...) -> None: ...

class ReplayDeadLettersRequest(_message.Message):
    __slots__ = ("party", "lane", "seq")
    PARTY_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    party: str
    lane: str
    seq: int
    def __init__(self, party: _Optional[str] = ..., lane: _Optional[str] = ..., seq: _Optional[int] = ...) -> None: ...

class ReplayDeadLettersResponse(_message.Message):
    __slots__ = ("replayed",)
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    replayed: int
    def __init__(self, replayed: _Optional[int] = ...) -> None: ...

class BackupRequest(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class BackupResponse(_message.Message):
    __slots__ = ("log_size", "bytes")
    LOG_SIZE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    log_size: int
    bytes: int
    def __init__(self, log_size: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class AcceptClockRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AcceptClockResponse(_message.Message):
    __slots__ = ("step_us",)
    STEP_US_FIELD_NUMBER: _ClassVar[int]
    step_us: int
    def __init__(self, step_us: _Optional[int] = ...) -> None: ...
