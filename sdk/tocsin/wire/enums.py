"""Enum values for frames and answers: our enums have the wire's numbers, the generated stubs want types of their own."""

from typing import cast

from tocsin.core.directory_messages import Role
from tocsin.core.identifiers import IdentifierKind
from tocsin.core.message import Lane
from tocsin.v1 import bus_service_pb2, header_pb2, values_pb2


def lane_to_proto(lane: Lane) -> "header_pb2.Lane":
    """A lane."""
    return cast("header_pb2.Lane", lane.value)


def role_to_proto(role: Role) -> "values_pb2.Role":
    """A role."""
    return cast("values_pb2.Role", role.value)


def identifier_kind_to_proto(kind: IdentifierKind) -> "values_pb2.IdentifierKind":
    """A kind of identifier, by its name: in the core it is a word."""
    return cast("values_pb2.IdentifierKind", values_pb2.IdentifierKind.Value(f"IDENTIFIER_KIND_{kind.name}"))


def why_to_proto(why: int) -> "bus_service_pb2.Why":
    """Why an entry is in a mailbox."""
    return cast("bus_service_pb2.Why", why)
