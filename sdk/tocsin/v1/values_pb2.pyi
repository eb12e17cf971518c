from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IdentifierKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDENTIFIER_KIND_UNSPECIFIED: _ClassVar[IdentifierKind]
    IDENTIFIER_KIND_CARD: _ClassVar[IdentifierKind]
    IDENTIFIER_KIND_ACCOUNT: _ClassVar[IdentifierKind]
    IDENTIFIER_KIND_IBAN: _ClassVar[IdentifierKind]
    IDENTIFIER_KIND_PHONE: _ClassVar[IdentifierKind]
    IDENTIFIER_KIND_WALLET: _ClassVar[IdentifierKind]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_GOVERNANCE: _ClassVar[Role]
    ROLE_HUB: _ClassVar[Role]
    ROLE_POLICE: _ClassVar[Role]
    ROLE_BANK: _ClassVar[Role]
    ROLE_PAYMENT: _ClassVar[Role]
    ROLE_CARRIER: _ClassVar[Role]
    ROLE_CUSTOMS: _ClassVar[Role]
    ROLE_ANTI_FRAUD: _ClassVar[Role]
    ROLE_REGULATOR: _ClassVar[Role]
    ROLE_COURT: _ClassVar[Role]
    ROLE_OVERSIGHT: _ClassVar[Role]
IDENTIFIER_KIND_UNSPECIFIED: IdentifierKind
IDENTIFIER_KIND_CARD: IdentifierKind
IDENTIFIER_KIND_ACCOUNT: IdentifierKind
IDENTIFIER_KIND_IBAN: IdentifierKind
IDENTIFIER_KIND_PHONE: IdentifierKind
IDENTIFIER_KIND_WALLET: IdentifierKind
ROLE_UNSPECIFIED: Role
ROLE_GOVERNANCE: Role
ROLE_HUB: Role
ROLE_POLICE: Role
ROLE_BANK: Role
ROLE_PAYMENT: Role
ROLE_CARRIER: Role
ROLE_CUSTOMS: Role
ROLE_ANTI_FRAUD: Role
ROLE_REGULATOR: Role
ROLE_COURT: Role
ROLE_OVERSIGHT: Role

class Money(_message.Message):
    __slots__ = ("minor_units", "currency")
    MINOR_UNITS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    minor_units: int
    currency: str
    def __init__(self, minor_units: _Optional[int] = ..., currency: _Optional[str] = ...) -> None: ...

class Identifier(_message.Message):
    __slots__ = ("kind", "value")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: IdentifierKind
    value: str
    def __init__(self, kind: _Optional[_Union[IdentifierKind, str]] = ..., value: _Optional[str] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ("kind", "prefix", "length")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    kind: IdentifierKind
    prefix: str
    length: int
    def __init__(self, kind: _Optional[_Union[IdentifierKind, str]] = ..., prefix: _Optional[str] = ..., length: _Optional[int] = ...) -> None: ...
