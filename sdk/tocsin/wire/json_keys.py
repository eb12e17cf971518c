"""How a field is called in JSON and which text stands for its value; form and schema agree because both ask here.

* A time loses its ``_us``; where the short name is another field's, ``_at`` takes the suffix's place.
* Which bytes are message ids and which are hashes is told by the field's name.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from tocsin.wire.shapes import Shape, once_per_class, shapes_of

HEX = re.compile(r"(?:[0-9a-f]{2})*")


@once_per_class
def by_key(cls: type[Any]) -> Mapping[str, Shape]:
    """The fields of dataclass ``cls`` by their key."""
    return MappingProxyType(keyed(shapes_of(cls)))


def keyed(shapes: Sequence[Shape]) -> dict[str, Shape]:
    """``shapes`` of one dataclass by their key."""
    names = {shape.name for shape in shapes}
    by_name = {}
    for shape in shapes:
        short = shape.name.removesuffix("_us") if shape.is_time else shape.name
        by_name[f"{short}_at" if shape.is_time and short in names else short] = shape
    return by_name


def is_id(shape: Shape) -> bool:
    """Whether these bytes are a message id."""
    return shape.type is bytes and (shape.name.endswith("_id") or shape.name == "supersedes")


def is_hash(shape: Shape) -> bool:
    """Whether these bytes are a hash."""
    return shape.type is bytes and shape.name.endswith(("_hash", "_sha256"))


def enum_key(member: Enum) -> str:
    """``WHOLE_ACCOUNT`` as ``whole-account``."""
    return member.name.lower().replace("_", "-")
