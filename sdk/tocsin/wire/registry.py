"""Which generated proto class carries which kind of message.

* The proto of kind ``StopPayment`` is ``tocsin.v1.StopPayment``; its sealed part, if it has one,
  ``tocsin.v1.StopPaymentPrivate``.
* Field and enum names are the same on both sides; the few exceptions stand in ``RENAMED``.
* Payload protos are the messages of ``tocsin.v1`` whose field 1 is a ``Header``. Each has a kind, and each kind has its
  proto.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.message import Message as ProtoMessage

import tocsin.core.directory_messages
import tocsin.core.orders
import tocsin.v1
from tocsin.core.errors import Reason, error
from tocsin.core.message import BY_PAYLOAD_TYPE, Kind

RENAMED: Mapping[tuple[str, str], str] = MappingProxyType({("Money", "minor"): "minor_units"})
"""(dataclass, field) → proto field, where the names differ."""


def kind_of(payload_type: str) -> Kind:
    """The kind a payload type names.

    Raises:
        Malformed: UNKNOWN_PAYLOAD_TYPE.
    """
    kind = BY_PAYLOAD_TYPE.get(payload_type)
    if kind is None:
        # The type is a stranger's text: it is repeated only if it looks like one.
        shown = (
            payload_type if len(payload_type) <= 100 and payload_type.isascii() and payload_type.isprintable() else "?"
        )
        raise error(Reason.UNKNOWN_PAYLOAD_TYPE, value=shown)
    return kind


def payload_class(kind: Kind) -> type[ProtoMessage]:
    """The proto class of a payload.

    Raises:
        KeyError: The kind has no proto: a programming error.
    """
    return proto_class(kind.cls.__name__)


def private_class(kind: Kind) -> type[ProtoMessage]:
    """The proto class of a kind's sealed part.

    Raises:
        KeyError: The kind has no sealed part.
    """
    return proto_class(f"{kind.cls.__name__}Private")


@cache
def proto_class(name: str) -> type[ProtoMessage]:
    """The generated class of message ``name`` of ``tocsin.v1``.

    Raises:
        KeyError: There is none.
    """
    for file in _files():
        if name in file.message_types_by_name:
            return message_factory.GetMessageClass(file.message_types_by_name[name])
    raise KeyError(name)


def descriptor_of(cls: type[ProtoMessage]) -> Descriptor:
    """The descriptor of a generated class."""
    return cast(Descriptor, cls.DESCRIPTOR)


def payload_descriptors() -> Mapping[str, Descriptor]:
    """Every proto message that has a ``Header`` as field 1, by name."""
    header = descriptor_of(proto_class("Header"))
    return {
        name: message
        for file in _files()
        for name, message in file.message_types_by_name.items()
        if 1 in message.fields_by_number and message.fields_by_number[1].message_type == header
    }


@cache
def _files() -> tuple[FileDescriptor, ...]:
    """The proto files that hold payloads and values; those of services hold requests and are not read here."""
    names = (module.name for module in pkgutil.iter_modules(tocsin.v1.__path__))
    wanted = (name for name in names if name.endswith("_pb2") and not name.endswith("_service_pb2"))
    return tuple(importlib.import_module(f"{tocsin.v1.__name__}.{name}").DESCRIPTOR for name in wanted)
