"""Messages ↔ payload bytes, driven by dataclass fields and proto descriptors alone: a new kind needs no line here.

* Each kind is compiled once, at first use, into closures; a field that one side lacks stops the compilation
  (``TypeError``).
* ``to_proto`` and ``from_proto`` are inverse: the bytes are canonical (``tocsin.wire.strict``) and the values checked,
  both ways.
* ``None``, empty text, empty bytes, the empty tuple and 0 are absent on the wire. A nested message that would hold
  nothing is ``None``, never an empty message; an enum is never 0 where it is not optional.
* From bytes only ``Malformed`` and ``RuleBroken`` come out (the latter from ``Message.check``).
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message as ProtoMessage

from tocsin.core.errors import Reason, error
from tocsin.core.message import Header, Kind, Message
from tocsin.wire.plan import Plan, compile_plan
from tocsin.wire.registry import descriptor_of, payload_class, private_class, proto_class
from tocsin.wire.shapes import once_per_class, shapes_of
from tocsin.wire.strict import parse_strict


def to_proto(message: Message) -> bytes:
    """The payload of ``message``: deterministic bytes, header included, private fields left out.

    Raises:
        Malformed: A value is missing, wrong, or does not fit its field.
        RuleBroken: The message breaks a rule of its kind.
    """
    message.header.check()
    message.check()
    proto, header, body = _payload(type(message))
    values = body.write(message)
    values["header"] = header.write(message.header)
    return _encode(proto, values)


def from_proto(kind: Kind, payload: bytes) -> Message:
    """The checked message of ``kind`` that ``payload`` holds; its private fields are absent.

    Raises:
        Malformed: The bytes are not canonical, or a value is missing or wrong.
        RuleBroken: The message breaks a rule of its kind.
    """
    proto, header, body = _payload(kind.cls)
    parsed: Any = parse_strict(proto, payload)
    if not parsed.HasField("header"):
        raise error(Reason.FIELD_MISSING, field="header", rule="every message has one")
    made = Header(**header.read(parsed.header))
    made.check()
    message = kind.cls(header=made, **body.read(parsed))
    message.check()
    return message


def encode_private(message: Message) -> bytes:
    """The plaintext of the sealed part of ``message``; empty when it has nothing private to say.

    Raises:
        Malformed: FIELD_INVALID when a value does not fit its field.
    """
    sealed = _sealed(type(message))
    return b"" if sealed is None else _encode(sealed[0], sealed[1].write(message))


def with_private(message: Message, plaintext: bytes) -> Message:
    """``message`` with the private fields that ``plaintext`` holds; what it holds not becomes absent.

    Raises:
        Malformed: The bytes are not canonical, a value is wrong, or the kind has no sealed part.
    """
    sealed = _sealed(type(message))
    if sealed is None:
        raise error(Reason.FIELD_INVALID, field="parts", rule="this kind has no sealed part")
    proto, plan = sealed
    return dataclasses.replace(message, **plan.read(parse_strict(proto, plaintext)))


@once_per_class
def _payload(cls: type[Message]) -> tuple[type[ProtoMessage], Plan, Plan]:
    proto = payload_class(cls.KIND)
    shapes = tuple(one for one in shapes_of(cls) if one.name != "header" and not one.private)
    header = compile_plan("Header", shapes_of(Header), descriptor_of(proto_class("Header")))
    return proto, header, compile_plan(cls.__name__, shapes, descriptor_of(proto), apart=("header",))


@once_per_class
def _sealed(cls: type[Message]) -> tuple[type[ProtoMessage], Plan] | None:
    shapes = tuple(one for one in shapes_of(cls) if one.private)
    if not shapes:
        return None
    proto = private_class(cls.KIND)
    return proto, compile_plan(cls.__name__, shapes, descriptor_of(proto))


def _encode(proto: type[ProtoMessage], values: dict[str, Any]) -> bytes:
    try:
        return proto(**values).SerializeToString(deterministic=True)
    except (TypeError, ValueError) as exc:
        field, rule = _misfit(proto, values, "")
        raise error(Reason.FIELD_INVALID, field=field, rule=rule) from exc


def _misfit(proto: type[ProtoMessage], values: dict[str, Any], place: str) -> tuple[str, str]:
    """The first field whose value its proto refuses, and what it takes."""
    for name, value in values.items():
        try:
            proto(**{name: value})
        except (TypeError, ValueError):
            field = descriptor_of(proto).fields_by_name[name]
            if field.message_type is not None and isinstance(value, dict):
                nested = message_factory.GetMessageClass(field.message_type)
                return _misfit(nested, value, "" if name == "header" else f"{place}{name}.")
            return place + name, "a list" if field.is_repeated else _TAKES[field.cpp_type]
    return place.removesuffix(".") or "message", "values of their types"


_TAKES: Mapping[int, str] = MappingProxyType(
    {
        FieldDescriptor.CPPTYPE_INT64: "a whole number within 64 bits",
        FieldDescriptor.CPPTYPE_UINT64: "a whole number from 0 within 64 bits",
        FieldDescriptor.CPPTYPE_INT32: "a whole number within 32 bits",
        FieldDescriptor.CPPTYPE_UINT32: "a whole number from 0 within 32 bits",
        FieldDescriptor.CPPTYPE_BOOL: "true or false",
        FieldDescriptor.CPPTYPE_STRING: "Unicode text, or bytes where its type says so",
        FieldDescriptor.CPPTYPE_ENUM: "a value of its list",
        FieldDescriptor.CPPTYPE_MESSAGE: "values of their types",
    }
)
