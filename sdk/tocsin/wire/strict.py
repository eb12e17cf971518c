"""Strict decoding: one value has one encoding, and nothing travels beside the published fields (DESIGN §5).

* Bytes are accepted only if parsing them, dropping every unknown field at every depth, and encoding deterministically
  gives the same bytes. So no unknown field, doubled field, written default, unsorted field or overlong number gets
  through.
* The check stands on ``DiscardUnknownFields`` reaching every depth; the tests plant unknown fields everywhere to prove
  it, and prove that no signed message nests itself, which would end that reach.
* Only ``Malformed`` comes out: MALFORMED, UNKNOWN_FIELD with the field's place, or NOT_CANONICAL.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtoMessage
from google.protobuf.unknown_fields import UnknownFieldSet

from tocsin.core.errors import BusError, Reason, error

P = TypeVar("P", bound=ProtoMessage)


def parse_strict(cls: type[P], raw: bytes) -> P:
    """Reads ``raw`` as a message of proto class ``cls``.

    Raises:
        Malformed: MALFORMED, UNKNOWN_FIELD or NOT_CANONICAL.
    """
    message = _parse(cls, raw)
    message.DiscardUnknownFields()
    if message.SerializeToString(deterministic=True) != raw:
        raise _explain(cls, raw)
    return message


def unknown_fields(message: ProtoMessage, place: str = "") -> Iterator[str]:
    """Where ``message`` holds fields its descriptor lacks, such as ``header.thread.#99``; walks every depth in
    Python."""
    planted: Any = UnknownFieldSet(message)
    for unknown in planted:
        yield f"{place}#{unknown.field_number}"
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                yield from unknown_fields(one, f"{place}{field.name}.")


def _parse(cls: type[P], raw: bytes) -> P:
    try:
        return cls.FromString(raw)
    except DecodeError as exc:
        raise error(Reason.MALFORMED, hint="it is not protobuf of its type") from exc


def _explain(cls: type[ProtoMessage], raw: bytes) -> BusError:
    place = next(unknown_fields(_parse(cls, raw)), None)
    return error(Reason.NOT_CANONICAL) if place is None else error(Reason.UNKNOWN_FIELD, field=place)
