"""JSON Schema (2020-12) of the JSON form, made from the dataclasses.

 * It accepts whatever ``tocsin.wire.json`` writes. Rules of law, check digits and rules that span fields are not in it:
   a schema tells a program what to fill in, the checks of the message decide.

Example:
    >>> sorted(schema(KINDS["release"])["properties"])
    ['header', 'kind', 'reason']
"""

from collections.abc import Mapping
from typing import Any

from tocsin.core.message import Kind
from tocsin.core.money import Money
from tocsin.wire.json_keys import HEX, by_key, enum_key, is_hash, is_id, keyed
from tocsin.wire.shapes import Shape, shapes_of

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def schema(kind: Kind, *, body_only: bool = False) -> dict[str, Any]:
    """JSON Schema of what ``from_json`` (or, ``body_only``, ``body_from_json``) reads."""
    shapes = [shape for shape in shapes_of(kind.cls) if not (body_only and shape.name == "header")]
    defs: dict[str, Any] = {}
    made = _object_schema(keyed(shapes), defs)
    made["properties"] = {"kind": {"const": kind.name}, **made["properties"]}
    head = {"$schema": _SCHEMA, "title": kind.name, "description": (kind.cls.__doc__ or "").partition("\n")[0]}
    return {**head, **made, **({"$defs": defs} if defs else {})}


def _object_schema(keys: Mapping[str, Shape], defs: dict[str, Any]) -> dict[str, Any]:
    properties = {key: _field_schema(shape, defs) for key, shape in keys.items()}
    required = [key for key, shape in keys.items() if shape.required]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _field_schema(shape: Shape, defs: dict[str, Any]) -> dict[str, Any]:
    one = _value_schema(shape, defs)
    return {"type": "array", "items": one} if shape.repeated else one


def _value_schema(shape: Shape, defs: dict[str, Any]) -> dict[str, Any]:
    if shape.form == "enum":
        return {"enum": [enum_key(member) for member in shape.type]}
    if shape.form == "nested":
        name = shape.type.__name__
        if name not in defs:
            defs[name] = {}  # holds the place: a def is made once, wherever it is used
            defs[name] = _MONEY if shape.type is Money else _object_schema(by_key(shape.type), defs)
        return {"$ref": f"#/$defs/{name}"}
    if shape.is_time:
        return {"type": "string", "format": "date-time"}
    if shape.type is bytes:
        if is_id(shape):
            return {"type": "string", "format": "uuid"}
        return {"type": "string", "pattern": f"^{HEX.pattern}$"} if is_hash(shape) else _BASE64
    return _PLAIN[shape.type]


_MONEY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}
_BASE64: dict[str, Any] = {"type": "string", "contentEncoding": "base64"}
_PLAIN: dict[type[Any], dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},
    str: {"type": "string"},
}
