"""What a field of a message holds, read once from its dataclass.

* A field is a scalar (``int``, ``str``, ``bytes``, ``bool``), an ``Enum``, or a nested dataclass; alone, ``X | None``,
  or ``tuple[X, ...]``. Any other annotation is a programming error and shows when the kind is first used, and in the
  tests.
* Wire codec, JSON form, JSON schema and test strategies all read these shapes, so they cannot disagree on a kind.
"""

import dataclasses
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, cast

SCALARS = (int, str, bytes, bool)

T = TypeVar("T")

Form = Literal["scalar", "enum", "nested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One field.

    Attributes:
        name: Its name in the dataclass.
        type: The scalar type, enum or dataclass; of the element when ``repeated``.
        form: Which of the three ``type`` is.
        optional: ``None`` means absent.
        repeated: A tuple of ``type``.
        required: Has no default.
        private: Travels only in the sealed part.
    """

    name: str
    type: type[Any]
    form: Form
    optional: bool
    repeated: bool
    required: bool
    private: bool

    @property
    def is_time(self) -> bool:
        """Whether it counts microseconds since 1970 UTC; 0 is absent."""
        return self.type is int and self.name.endswith("_us")


def once_per_class(compute: Callable[[type[Any]], T]) -> Callable[[type[Any]], T]:
    """``compute`` with its answer kept for each class."""
    return cast(Callable[[type[Any]], T], cache(compute))


@once_per_class
def shapes_of(cls: type[Any]) -> tuple[Shape, ...]:
    """The fields of dataclass ``cls`` in their order.

    Raises:
        TypeError: A field has an annotation that no message may have.
    """
    hints = typing.get_type_hints(cls)
    return tuple(_shape(cls, one, hints[one.name]) for one in dataclasses.fields(cls) if one.init)


def _shape(cls: type[Any], one: dataclasses.Field[Any], hint: Any) -> Shape:
    optional = repeated = False
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        inner = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
        optional, hint = True, inner[0] if len(inner) == 1 else hint
    elif typing.get_origin(hint) is tuple and typing.get_args(hint)[1:] == (Ellipsis,):
        repeated, hint = True, typing.get_args(hint)[0]
    form: Form
    if hint in SCALARS and not optional:
        form = "scalar"
    elif isinstance(hint, type) and issubclass(hint, Enum):
        form = "enum"
    elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
        form = "nested"
    else:
        raise TypeError(f"{cls.__name__}.{one.name}: a message cannot carry {hint!r}")
    required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    return Shape(
        name=one.name,
        type=hint,
        form=form,
        optional=optional,
        repeated=repeated,
        required=required,
        private=bool(one.metadata.get("private")),
    )
