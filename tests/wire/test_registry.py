"""Kinds and protos fit each other, and the signed protos stay within what can be canonical."""

import dataclasses
import doctest
from collections.abc import Iterator
from enum import Enum

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tocsin.core.errors import Malformed, Reason
from tocsin.core.message import BY_PAYLOAD_TYPE, KINDS
from tocsin.core.money import Money
from tocsin.wire import json_schema
from tocsin.wire.plan import _numbers, compile_plan
from tocsin.wire.registry import kind_of, payload_class, payload_descriptors, private_class, proto_class
from tocsin.wire.shapes import shapes_of

ENVELOPE = proto_class("Envelope").DESCRIPTOR


def signed() -> list[Descriptor]:
    """The roots of what is signed, sealed or wraps the two."""
    sealed = [private_class(k).DESCRIPTOR for k in KINDS.values() if any(True for _ in k.fields(sealed=True))]
    return [*payload_descriptors().values(), *sealed, ENVELOPE]


def reachable(root: Descriptor, above: tuple[Descriptor, ...] = ()) -> Iterator[FieldDescriptor]:
    assert root not in above, f"{root.full_name} nests itself"
    for field in root.fields:
        yield field
        if field.message_type is not None:
            yield from reachable(field.message_type, (*above, root))


def test_every_payload_proto_has_a_kind_and_every_kind_its_proto() -> None:
    assert {kind.cls.__name__ for kind in KINDS.values()} == set(payload_descriptors())


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_has_the_fields_of_its_protos(name: str) -> None:
    kind = KINDS[name]
    public = [field.name for field in payload_class(kind).DESCRIPTOR.fields]
    assert public == ["header", *(field.name for field in kind.fields(sealed=False))]
    sealed = [field.name for field in kind.fields(sealed=True)]
    if sealed:
        assert sealed == [field.name for field in private_class(kind).DESCRIPTOR.fields]
    else:
        with pytest.raises(KeyError):
            private_class(kind)


@pytest.mark.parametrize("root", signed(), ids=lambda root: root.name)
def test_a_signed_message_holds_nothing_that_has_two_encodings(root: Descriptor) -> None:
    for field in reachable(root):
        where = field.full_name
        assert field.type not in (
            FieldDescriptor.TYPE_FLOAT,
            FieldDescriptor.TYPE_DOUBLE,
            FieldDescriptor.TYPE_GROUP,
        ), where
        assert not field.is_extension, where
        assert not field.containing_type.is_extendable, where
        assert field.containing_oneof is None, where
        assert field.file.package == "tocsin.v1", f"{where}: no Any, no message of another package"
        if field.message_type is not None:
            assert not field.message_type.GetOptions().map_entry, where
        else:
            assert field.is_repeated or not field.has_presence, (
                f"{where}: a written default would differ from an absent one"
            )


@pytest.mark.parametrize("root", signed(), ids=lambda root: root.name)
def test_an_enum_has_an_unspecified_zero_and_no_aliases(root: Descriptor) -> None:
    for field in reachable(root):
        if field.enum_type is not None:
            first = field.enum_type.values[0]
            assert first.number == 0
            assert first.name.endswith("_UNSPECIFIED")
            numbers = [value.number for value in field.enum_type.values]
            assert len(set(numbers)) == len(numbers)


def test_the_kind_of_a_payload_type() -> None:
    for payload_type, kind in BY_PAYLOAD_TYPE.items():
        assert kind_of(payload_type) is kind


@pytest.mark.parametrize(
    ("payload_type", "shown"),
    [
        ("application/vnd.tocsin.stop-payment.v2+protobuf", "application/vnd.tocsin.stop-payment.v2+protobuf"),
        ("", ""),
        ("\x1b[31m", "?"),
        ("张三", "?"),
        ("x" * 101, "?"),
    ],
)
def test_an_unknown_payload_type_is_refused_and_repeated_only_if_it_looks_like_one(
    payload_type: str, shown: str
) -> None:
    with pytest.raises(Malformed) as caught:
        kind_of(payload_type)
    assert (caught.value.reason, caught.value.facts["value"]) == (Reason.UNKNOWN_PAYLOAD_TYPE, shown)


MONEY = proto_class("Money").DESCRIPTOR


def test_a_field_missing_on_either_side_stops_the_compilation() -> None:
    with pytest.raises(TypeError, match="differ in \\['currency'\\]"):
        compile_plan("Money", shapes_of(Money)[:1], MONEY)
    with pytest.raises(TypeError, match="differ in"):
        compile_plan("Other", shapes_of(Money), MONEY)


def test_a_field_of_another_type_stops_the_compilation() -> None:
    for changed in ({"type": str}, {"type": bytes}, {"repeated": True}, {"form": "enum", "type": Enum}):
        minor, currency = shapes_of(Money)
        with pytest.raises((TypeError, AttributeError)):
            compile_plan("Money", (dataclasses.replace(minor, **changed), currency), MONEY)
    with pytest.raises(TypeError, match="differ in type"):
        compile_plan("Money", (shapes_of(Money)[0], dataclasses.replace(shapes_of(Money)[1], type=bytes)), MONEY)


class Lane(Enum):
    URGENT = 1
    ROUTINE = 3


def test_an_enum_of_other_numbers_stops_the_compilation() -> None:
    field = proto_class("Header").DESCRIPTOR.fields_by_name["lane"]
    with pytest.raises(TypeError, match="Lane and tocsin.v1.Lane differ"):
        _numbers(Lane, field)


@pytest.mark.parametrize("hint", [float, dict[str, int], int | str, list[int], tuple[int, int], str | None])
def test_an_annotation_no_message_may_have_is_refused(hint: object) -> None:
    made = dataclasses.make_dataclass("Made", [("field", hint)])
    with pytest.raises(TypeError, match="a message cannot carry"):
        shapes_of(made)


def test_the_examples_in_the_documentation_hold() -> None:
    failed, tried = doctest.testmod(json_schema, extraglobs={"KINDS": KINDS})
    assert (failed, tried) == (0, 1)
