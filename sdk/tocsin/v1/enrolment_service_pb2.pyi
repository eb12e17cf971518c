from tocsin.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetTrustRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTrustResponse(_message.Message):
    __slots__ = ("ca_certificate", "root_envelope")
    CA_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    ROOT_ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    ca_certificate: bytes
    root_envelope: bytes
    def __init__(self, ca_certificate: _Optional[bytes] = ..., root_envelope: _Optional[bytes] = ...) -> None: ...

class JoinRequest(_message.Message):
    __slots__ = ("certificate_request", "envelopes")
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    certificate_request: bytes
    envelopes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, certificate_request: _Optional[bytes] = ..., envelopes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class JoinResponse(_message.Message):
    __slots__ = ("certificate", "receipts", "bus_address")
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    BUS_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    certificate: bytes
    receipts: _containers.RepeatedCompositeFieldContainer[_envelope_pb2.Receipt]
    bus_address: str
    def __init__(self, certificate: _Optional[bytes] = ..., receipts: _Optional[_Iterable[_Union[_envelope_pb2.Receipt, _Mapping]]] = ..., bus_address: _Optional[str] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("party", "key_id", "certificate_request", "created_us", "signature")
    PARTY_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    CREATED_US_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    party: str
    key_id: str
    certificate_request: bytes
    created_us: int
    signature: bytes
    def __init__(self, party: _Optional[str] = ..., key_id: _Optional[str] = ..., certificate_request: _Optional[bytes] = ..., created_us: _Optional[int] = ..., signature: _Optional[bytes] = ...) -> None: ...

class RenewResponse(_message.Message):
    __slots__ = ("certificate",)
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    certificate: bytes
    def __init__(self, certificate: _Optional[bytes] = ...) -> None: ...
