from tocsin.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetOrderRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: bytes
    def __init__(self, order_id: _Optional[bytes] = ...) -> None: ...

class GetOrderResponse(_message.Message):
    __slots__ = ("order", "messages")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    order: OrderSummary
    messages: _containers.RepeatedCompositeFieldContainer[LoggedMessage]
    def __init__(self, order: _Optional[_Union[OrderSummary, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[LoggedMessage, _Mapping]]] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("state", "page_size", "page_token")
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    state: str
    page_size: int
    page_token: str
    def __init__(self, state: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderSummary]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderSummary, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class OrderSummary(_message.Message):
    __slots__ = ("order_id", "root_id", "kind", "sender", "recipient", "state", "measure_state", "accepted_us", "decided_us", "ends_us", "exercise")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MEASURE_STATE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_US_FIELD_NUMBER: _ClassVar[int]
    DECIDED_US_FIELD_NUMBER: _ClassVar[int]
    ENDS_US_FIELD_NUMBER: _ClassVar[int]
    EXERCISE_FIELD_NUMBER: _ClassVar[int]
    order_id: bytes
    root_id: bytes
    kind: str
    sender: str
    recipient: str
    state: str
    measure_state: str
    accepted_us: int
    decided_us: int
    ends_us: int
    exercise: bool
    def __init__(self, order_id: _Optional[bytes] = ..., root_id: _Optional[bytes] = ..., kind: _Optional[str] = ..., sender: _Optional[str] = ..., recipient: _Optional[str] = ..., state: _Optional[str] = ..., measure_state: _Optional[str] = ..., accepted_us: _Optional[int] = ..., decided_us: _Optional[int] = ..., ends_us: _Optional[int] = ..., exercise: _Optional[bool] = ...) -> None: ...

class LoggedMessage(_message.Message):
    __slots__ = ("envelope", "sequencing")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCING_FIELD_NUMBER: _ClassVar[int]
    envelope: bytes
    sequencing: _envelope_pb2.Sequencing
    def __init__(self, envelope: _Optional[bytes] = ..., sequencing: _Optional[_Union[_envelope_pb2.Sequencing, _Mapping]] = ...) -> None: ...
