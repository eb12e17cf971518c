"""Compiles one dataclass and one proto descriptor into a reader and a writer.

* The two must have the same fields, by name (``registry.RENAMED`` apart), and enums the same members (and numbers,
  where a member's value is a number).
* A time lies between 1970 and 2999, or is absent: so every message that travels can also be shown.
* Scalars of a message are fetched by one ``attrgetter``; only enums, nested messages and lists cost a Python call each.
* Places in errors read as an author would say them: ``target.kind``, ``parts.wraps``; ``header.`` is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.times import MAX_TIME_US
from tocsin.wire.registry import RENAMED
from tocsin.wire.shapes import Shape, shapes_of

Convert = Callable[[Any], Any]
Converts = list[tuple[str, Convert]]
Times = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one dataclass travels.

    Attributes:
        read: From a parsed proto message to the arguments of the dataclass.
        write: From the dataclass to the arguments of the proto message.
    """

    read: Callable[[Any], dict[str, Any]]
    write: Callable[[Any], dict[str, Any]]


def compile_plan(
    owner: str, shapes: Sequence[Shape], descriptor: Descriptor, *, place: str = "", apart: tuple[str, ...] = ()
) -> Plan:
    """The plan for ``shapes`` of dataclass ``owner`` and the proto ``descriptor``; proto fields ``apart`` are left to
    the caller.

    Raises:
        TypeError: The two sides do not have the same fields: a programming error.
    """
    protos = {shape.name: RENAMED.get((owner, shape.name), shape.name) for shape in shapes}
    wire = {field.name: field for field in descriptor.fields if field.name not in apart}
    if set(protos.values()) != set(wire):
        raise TypeError(f"{owner} and {descriptor.full_name} differ in {sorted(set(protos.values()) ^ set(wire))}")
    plain = [shape for shape in shapes if shape.form == "scalar" and not shape.repeated]
    rest = [shape for shape in shapes if shape not in plain]
    readers = [(s.name, _reader(s, wire[protos[s.name]], place + s.name)) for s in rest]
    writers = [(protos[s.name], _writer(s, wire[protos[s.name]], place + s.name)) for s in rest if s.form != "scalar"]
    for shape in shapes:
        _check_type(owner, shape, wire[protos[shape.name]])
    times = [(shape.name, place + shape.name) for shape in plain if shape.is_time]
    return Plan(
        read=_all_readers([s.name for s in plain], [protos[s.name] for s in plain], readers, times),
        write=_all_writers(list(protos), list(protos.values()), writers, times),
    )


def _all_readers(
    names: list[str], protos: list[str], readers: Converts, times: Times
) -> Callable[[Any], dict[str, Any]]:
    fetch = _fetch(protos)

    def read(parsed: Any) -> dict[str, Any]:
        values = dict(zip(names, fetch(parsed)))  # noqa: B905 - equal by construction; strict costs a tenth
        for name, where in times:
            if not 0 <= values[name] < MAX_TIME_US:
                raise error(Reason.TIME_INVALID, field=where, rule="rule.time.range")
        for name, reader in readers:
            values[name] = reader(parsed)
        return values

    return read


def _all_writers(
    names: list[str], protos: list[str], writers: Converts, times: Times
) -> Callable[[Any], dict[str, Any]]:
    fetch = _fetch(names)

    def write(value: Any) -> dict[str, Any]:
        values = dict(zip(protos, fetch(value)))  # noqa: B905 - equal by construction
        for name, where in times:
            if not 0 <= values[name] < MAX_TIME_US:
                raise error(Reason.TIME_INVALID, field=where, rule="rule.time.range")
        for name, writer in writers:
            if (one := values[name]) is not None:
                values[name] = writer(one)
        return values

    return write


def _fetch(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """All attributes ``names`` of a value at once, as a tuple however many there are."""
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        get = attrgetter(names[0])
        return lambda value: (get(value),)
    return lambda value: ()


def _reader(shape: Shape, field: FieldDescriptor, place: str) -> Convert:
    get = attrgetter(field.name)
    if shape.form == "scalar":
        return lambda parsed: tuple(get(parsed))
    one = _enum_reader(shape, field, place) if shape.form == "enum" else _nested_reader(shape, field, place)
    if shape.repeated:
        return lambda parsed: tuple([one(item) for item in get(parsed)])
    if shape.form == "enum":
        return lambda parsed: one(get(parsed))
    name = field.name

    def read(parsed: Any) -> Any:
        return one(get(parsed)) if parsed.HasField(name) else None

    return read


def _enum_reader(shape: Shape, field: FieldDescriptor, place: str) -> Convert:
    members: dict[int, Enum | None] = dict(_numbers(shape.type, field))
    if shape.optional:
        members[0] = None

    def read(number: int) -> Enum | None:
        try:
            return members[number]
        except KeyError:
            raise error(Reason.UNKNOWN_ENUM, field=place, value=number) from None

    return read


def _nested_reader(shape: Shape, field: FieldDescriptor, place: str) -> Convert:
    cls = shape.type
    plan = compile_plan(cls.__name__, shapes_of(cls), cast(Descriptor, field.message_type), place=f"{place}.")
    alone = not shape.repeated

    def read(parsed: Any) -> Any:
        values = plan.read(parsed)
        if alone and not any(values.values()):
            raise error(Reason.NOT_CANONICAL, field=place)
        try:
            return cls(**values)
        except BusError as exc:
            raise error(exc.reason, **{**exc.facts, "field": place}) from exc

    return read


def _writer(shape: Shape, field: FieldDescriptor, place: str) -> Convert:
    one = _enum_writer(shape, field, place) if shape.form == "enum" else _nested_writer(shape, field, place)
    if shape.repeated:
        return lambda values: [one(value) for value in values]
    return one


def _enum_writer(shape: Shape, field: FieldDescriptor, place: str) -> Convert:
    numbers = {member: number for number, member in _numbers(shape.type, field)}

    def write(member: Any) -> int:
        try:
            return numbers[member]
        except KeyError:
            raise error(Reason.UNKNOWN_ENUM, field=place, value=type(member).__name__) from None

    return write


def _nested_writer(shape: Shape, field: FieldDescriptor, place: str) -> Convert:
    cls = shape.type
    plan = compile_plan(cls.__name__, shapes_of(cls), cast(Descriptor, field.message_type), place=f"{place}.")
    alone = not shape.repeated

    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, cls):
            raise error(Reason.FIELD_INVALID, field=place, rule="a value of its type")
        values = plan.write(value)
        if alone and not any(values.values()):
            raise error(Reason.FIELD_INVALID, field=place, rule="None when absent, never empty")
        return values

    return write


def _numbers(enum: type[Enum], field: FieldDescriptor) -> list[tuple[int, Enum]]:
    """Wire numbers and members; the proto's names are ``<ENUM>_<MEMBER>``, 0 is UNSPECIFIED and has no member."""
    wire_enum = cast(EnumDescriptor, field.enum_type)
    values = wire_enum.values
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    wire = {value.name.removeprefix(prefix): value.number for value in values if value.number}
    renumbered = any(isinstance(member.value, int) and member.value != wire.get(member.name) for member in enum)
    if wire.keys() != enum.__members__.keys() or renumbered:
        raise TypeError(f"{enum.__name__} and {wire_enum.full_name} differ")
    return [(wire[member.name], member) for member in enum]


_SCALAR_TYPES = {
    int: {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    },
    str: {FieldDescriptor.CPPTYPE_STRING},
    bytes: {FieldDescriptor.CPPTYPE_STRING},
    bool: {FieldDescriptor.CPPTYPE_BOOL},
}


def _check_type(owner: str, shape: Shape, field: FieldDescriptor) -> None:
    wanted = {"enum": {FieldDescriptor.CPPTYPE_ENUM}, "nested": {FieldDescriptor.CPPTYPE_MESSAGE}}.get(
        shape.form, _SCALAR_TYPES.get(shape.type, set())
    )
    text = field.type == FieldDescriptor.TYPE_STRING
    if field.cpp_type not in wanted or field.is_repeated != shape.repeated or (shape.type is str) != text:
        raise TypeError(f"{owner}.{shape.name} and {field.full_name} differ in type")
