"""The JSON form of messages, made from their dataclasses: a new kind needs no line here.

* Keys are the field names; enum values are lower case with dashes (``whole-account``). What is absent is left out, but
  never a truth value or a field that must be given. ``null`` is refused, and so is every key the kind does not have.
* ``*_us`` loses its suffix and is an RFC 3339 time in UTC with microseconds (``created``); where the short name is
  another field's, ``_at`` takes the suffix's place (``transferred_at``). Input needs an offset, and any will do.
* Money is ``{"amount": "50000.00", "currency": "CNY"}``. Message ids are UUIDs, hashes lower-case hex, other bytes
  base64.
* Private fields stand under their own names beside the public ones when the part has been opened.
* ``from_json(to_json(m)) == m`` for every message that can be encoded.
"""

import binascii
import re
import uuid
from base64 import b64decode, b64encode
from collections.abc import Mapping
from enum import Enum
from typing import Any

from tocsin.core.errors import BusError, Reason, error
from tocsin.core.message import Header, Kind, Message
from tocsin.core.money import Money
from tocsin.core.times import from_us, parse_time, to_us
from tocsin.wire.convert import encode_private, to_proto
from tocsin.wire.json_keys import HEX, by_key, enum_key, is_hash, is_id
from tocsin.wire.json_schema import schema
from tocsin.wire.shapes import Shape

__all__ = ["body_from_json", "from_json", "schema", "to_json"]

_NAME = re.compile(r"[A-Za-z]+(?:[-_][A-Za-z]+)*")
_MAX_SHOWN = 40
"""Characters of a wrong key or enum value that an error repeats; it must look like a name, so that no number is
repeated."""


def to_json(message: Message) -> dict[str, Any]:
    """``message`` as JSON values, its kind under ``kind``.

    Raises:
        Malformed: TIME_INVALID for a time outside 1970 to 2999.
    """
    return {"kind": message.KIND.name, **_write_fields(message)}


def from_json(kind: Kind, data: object) -> Message:
    """The checked message of ``kind`` that ``data``, as ``json.loads`` gives it, describes.

    Raises:
        Malformed: UNKNOWN_FIELD, FIELD_MISSING, FIELD_INVALID or the reason of the value, with the field's place in
            ``data``.
        RuleBroken: The message breaks a rule of its kind.
    """
    fields = dict(_object(data, ""))
    if fields.pop("kind", kind.name) != kind.name:
        raise error(Reason.FIELD_INVALID, field="kind", rule=kind.name)
    message: Message = kind.cls(**_read_fields(by_key(kind.cls), fields, ""))
    to_proto(message)
    encode_private(message)
    return message


def body_from_json(kind: Kind, data: object) -> dict[str, Any]:
    """The fields of a message of ``kind`` without its header, as arguments of the dataclass; such as the answer of a
    program.

    Raises:
        Malformed: As ``from_json``. Rules that span fields are checked once the message is made.
    """
    keys = {key: shape for key, shape in by_key(kind.cls).items() if shape.name != "header"}
    fields = dict(_object(data, ""))
    if fields.pop("kind", kind.name) != kind.name:
        raise error(Reason.FIELD_INVALID, field="kind", rule=kind.name)
    return _read_fields(keys, fields, "")


# --- writing


def _write_fields(value: Any) -> dict[str, Any]:
    written = {}
    for key, shape in by_key(type(value)).items():
        item = getattr(value, shape.name)
        if shape.required or shape.type is bool or item or (shape.form == "nested" and item is not None):
            written[key] = [_write(shape, one) for one in item] if shape.repeated else _write(shape, item)
    return written


def _write(shape: Shape, item: Any) -> Any:
    if shape.form == "enum":
        return enum_key(item)
    if shape.form == "nested":
        return item.to_json() if isinstance(item, Money) else _write_fields(item)
    if shape.is_time:
        return from_us(item, field=shape.name).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if not isinstance(item, bytes):
        return item
    if is_id(shape):
        return str(uuid.UUID(bytes=item))
    return item.hex() if is_hash(shape) else b64encode(item).decode()


# --- reading


def _read_fields(keys: Mapping[str, Shape], data: Mapping[str, Any], place: str) -> dict[str, Any]:
    for key in data:
        if key not in keys:
            raise error(Reason.UNKNOWN_FIELD, field=place + (key if _shows(key) else "?"))
    values = {}
    for key, shape in keys.items():
        if key in data:
            values[shape.name] = _read_field(shape, data[key], place + key)
        elif shape.required:
            raise error(Reason.FIELD_MISSING, field=place + key, rule="it must be given")
    return values


def _read_field(shape: Shape, item: Any, place: str) -> Any:
    if not shape.repeated:
        return _read(shape, item, place)
    if not isinstance(item, list):
        raise _invalid(place, "a list")
    return tuple(_read(shape, one, f"{place}[{index}]") for index, one in enumerate(item))


def _read(shape: Shape, item: Any, place: str) -> Any:
    if shape.form == "enum":
        return _read_enum(shape.type, item, place)
    if shape.form == "nested":
        return _read_nested(shape.type, item, place)
    if shape.type is bool:
        return _typed(item, bool, place, "true or false")
    if shape.is_time:
        return to_us(parse_time(_text(item, place), field=place), field=place)
    if shape.type is int:
        return _typed(item, int, place, "a whole number")
    if shape.type is str:
        return _text(item, place)
    return _read_bytes(shape, _text(item, place), place)


def _read_enum(enum: type[Enum], item: Any, place: str) -> Enum:
    text = _text(item, place)
    for member in enum:
        if enum_key(member) == text:
            return member
    raise error(Reason.UNKNOWN_ENUM, field=place, value=text if _shows(text) else "?")


def _shows(text: str) -> bool:
    return len(text) <= _MAX_SHOWN and _NAME.fullmatch(text) is not None


def _read_nested(cls: type[Any], item: Any, place: str) -> Any:
    if cls is Money:
        return Money.from_json(item, field=place)
    inner = "" if cls is Header else f"{place}."
    values = _read_fields(by_key(cls), _object(item, place), inner)
    try:
        return cls(**values)
    except BusError as exc:
        raise error(exc.reason, **{**exc.facts, "field": place}) from exc


def _read_bytes(shape: Shape, text: str, place: str) -> bytes:
    if is_id(shape):
        try:
            value = uuid.UUID(text)
        except ValueError as exc:
            raise _invalid(place, "a UUID") from exc
        if str(value) != text.lower():
            raise _invalid(place, "a UUID with hyphens")
        return value.bytes
    if is_hash(shape):
        if not HEX.fullmatch(text):
            raise _invalid(place, "lower-case hex digits, two for each byte")
        return bytes.fromhex(text)
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise _invalid(place, "base64 of RFC 4648 §4") from exc
    if b64encode(raw).decode() != text:
        raise _invalid(place, "canonical base64 of RFC 4648 §4")
    return raw


def _text(item: Any, place: str) -> str:
    text: str = _typed(item, str, place, "text")
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise _invalid(place, "Unicode text") from exc
    return text


def _typed(item: Any, wanted: type[Any], place: str, rule: str) -> Any:
    if type(item) is not wanted:
        raise _invalid(place, rule)
    return item


def _object(item: object, place: str) -> Mapping[str, Any]:
    if not isinstance(item, dict) or not all(isinstance(key, str) for key in item):
        raise _invalid(place or "message", "a JSON object")
    return item


def _invalid(place: str, rule: str) -> BusError:
    return error(Reason.FIELD_INVALID, field=place, rule=rule)
