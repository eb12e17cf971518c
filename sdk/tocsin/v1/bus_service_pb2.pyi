from tocsin.v1 import envelope_pb2 as _envelope_pb2
from tocsin.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Why(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WHY_UNSPECIFIED: _ClassVar[Why]
    WHY_ADDRESSED: _ClassVar[Why]
    WHY_COPY: _ClassVar[Why]
    WHY_ESCALATED: _ClassVar[Why]
WHY_UNSPECIFIED: Why
WHY_ADDRESSED: Why
WHY_COPY: Why
WHY_ESCALATED: Why

class PublishRequest(_message.Message):
    __slots__ = ("envelopes",)
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    envelopes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, envelopes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PublishResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PublishResult]
    def __init__(self, results: _Optional[_Iterable[_Union[PublishResult, _Mapping]]] = ...) -> None: ...

class PublishResult(_message.Message):
    __slots__ = ("receipt", "refusal")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    receipt: _envelope_pb2.Receipt
    refusal: _envelope_pb2.Refusal
    def __init__(self, receipt: _Optional[_Union[_envelope_pb2.Receipt, _Mapping]] = ..., refusal: _Optional[_Union[_envelope_pb2.Refusal, _Mapping]] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("hello", "credit", "acks", "nack", "lease_extension", "heartbeat", "drain")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    NACK_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXTENSION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    credit: Credit
    acks: Acks
    nack: Nack
    lease_extension: LeaseExtension
    heartbeat: Heartbeat
    drain: Drain
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., acks: _Optional[_Union[Acks, _Mapping]] = ..., nack: _Optional[_Union[Nack, _Mapping]] = ..., lease_extension: _Optional[_Union[LeaseExtension, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("welcome", "deliveries", "acks_confirmed", "heartbeat", "go_away")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    ACKS_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    deliveries: Deliveries
    acks_confirmed: AcksConfirmed
    heartbeat: Heartbeat
    go_away: GoAway
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., deliveries: _Optional[_Union[Deliveries, _Mapping]] = ..., acks_confirmed: _Optional[_Union[AcksConfirmed, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., go_away: _Optional[_Union[GoAway, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("lane", "subscription", "epoch", "checkpoint")
    LANE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    lane: _header_pb2.Lane
    subscription: str
    epoch: int
    checkpoint: bytes
    def __init__(self, lane: _Optional[_Union[_header_pb2.Lane, str]] = ..., subscription: _Optional[str] = ..., epoch: _Optional[int] = ..., checkpoint: _Optional[bytes] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("messages", "bytes")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    messages: int
    bytes: int
    def __init__(self, messages: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class Acks(_message.Message):
    __slots__ = ("acks",)
    ACKS_FIELD_NUMBER: _ClassVar[int]
    acks: _containers.RepeatedCompositeFieldContainer[Ack]
    def __init__(self, acks: _Optional[_Iterable[_Union[Ack, _Mapping]]] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("seq", "attempt_token")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    seq: int
    attempt_token: bytes
    def __init__(self, seq: _Optional[int] = ..., attempt_token: _Optional[bytes] = ...) -> None: ...

class Nack(_message.Message):
    __slots__ = ("seq", "attempt_token", "delay_ms", "reason", "permanent")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PERMANENT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    attempt_token: bytes
    delay_ms: int
    reason: str
    permanent: bool
    def __init__(self, seq: _Optional[int] = ..., attempt_token: _Optional[bytes] = ..., delay_ms: _Optional[int] = ..., reason: _Optional[str] = ..., permanent: _Optional[bool] = ...) -> None: ...

class LeaseExtension(_message.Message):
    __slots__ = ("seq", "attempt_token", "extend_ms")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXTEND_MS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    attempt_token: bytes
    extend_ms: int
    def __init__(self, seq: _Optional[int] = ..., attempt_token: _Optional[bytes] = ..., extend_ms: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("now_us", "directory_version", "log_size")
    NOW_US_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    LOG_SIZE_FIELD_NUMBER: _ClassVar[int]
    now_us: int
    directory_version: int
    log_size: int
    def __init__(self, now_us: _Optional[int] = ..., directory_version: _Optional[int] = ..., log_size: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("epoch", "generation", "recovered", "head_seq", "acked_through", "heartbeat_ms", "directory_version")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    RECOVERED_FIELD_NUMBER: _ClassVar[int]
    HEAD_SEQ_FIELD_NUMBER: _ClassVar[int]
    ACKED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    generation: int
    recovered: bool
    head_seq: int
    acked_through: int
    heartbeat_ms: int
    directory_version: int
    def __init__(self, epoch: _Optional[int] = ..., generation: _Optional[int] = ..., recovered: _Optional[bool] = ..., head_seq: _Optional[int] = ..., acked_through: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ..., directory_version: _Optional[int] = ...) -> None: ...

class Deliveries(_message.Message):
    __slots__ = ("deliveries",)
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    deliveries: _containers.RepeatedCompositeFieldContainer[Delivery]
    def __init__(self, deliveries: _Optional[_Iterable[_Union[Delivery, _Mapping]]] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("seq", "attempt_token", "attempt", "repeat", "repeat_reason", "why", "envelope", "sequencing")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REPEAT_FIELD_NUMBER: _ClassVar[int]
    REPEAT_REASON_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCING_FIELD_NUMBER: _ClassVar[int]
    seq: int
    attempt_token: bytes
    attempt: int
    repeat: bool
    repeat_reason: str
    why: Why
    envelope: bytes
    sequencing: _envelope_pb2.Sequencing
    def __init__(self, seq: _Optional[int] = ..., attempt_token: _Optional[bytes] = ..., attempt: _Optional[int] = ..., repeat: _Optional[bool] = ..., repeat_reason: _Optional[str] = ..., why: _Optional[_Union[Why, str]] = ..., envelope: _Optional[bytes] = ..., sequencing: _Optional[_Union[_envelope_pb2.Sequencing, _Mapping]] = ...) -> None: ...

class AcksConfirmed(_message.Message):
    __slots__ = ("seqs", "fenced_seqs")
    SEQS_FIELD_NUMBER: _ClassVar[int]
    FENCED_SEQS_FIELD_NUMBER: _ClassVar[int]
    seqs: _containers.RepeatedScalarFieldContainer[int]
    fenced_seqs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, seqs: _Optional[_Iterable[int]] = ..., fenced_seqs: _Optional[_Iterable[int]] = ...) -> None: ...

class GoAway(_message.Message):
    __slots__ = ("reason", "retry_after_ms")
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    retry_after_ms: int
    def __init__(self, reason: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...
