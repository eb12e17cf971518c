"""Values for the tests of the durable file."""

import hashlib
from typing import Any

from tocsin.client.rows import Incoming, MeasureRow, OutboxState, Outgoing, Settled
from tocsin.core.measure import MeasureState
from tocsin.core.message import Lane

NOW_US = 1_767_225_600_000_000
"""2026-01-01T00:00Z."""


def message_id(number: int) -> bytes:
    """The id of the ``number``-th message."""
    return number.to_bytes(16, "big")


def outgoing(number: int, **changed: Any) -> Outgoing:
    """The ``number``-th outgoing message."""
    values: dict[str, Any] = {
        "message_id": message_id(number),
        "lane": Lane.URGENT,
        "root_id": message_id(number),
        "kind": "stop-payment",
        "recipient": "bank.icbc",
        "envelope": f"envelope {number}".encode(),
        "now_us": NOW_US,
    }
    return Outgoing(**(values | changed))


def incoming(number: int, **changed: Any) -> Incoming:
    """The ``number``-th delivery, at position ``number``."""
    values: dict[str, Any] = {
        "message_id": message_id(number),
        "message_hash": hashlib.sha256(message_id(number)).digest(),
        "epoch": 1,
        "lane": Lane.URGENT,
        "seq": number,
        "root_id": message_id(number),
        "kind": "stop-payment",
        "why": 1,
        "envelope": f"envelope {number}".encode(),
        "sequencing": f"sequencing {number}".encode(),
        "attempt": 1,
        "attempt_token": f"token {number}.1".encode(),
        "repeat": False,
        "now_us": NOW_US,
    }
    return Incoming(**(values | changed))


def measure(number: int, **changed: Any) -> MeasureRow:
    """The measure of the thread whose root is the ``number``-th message."""
    values: dict[str, Any] = {
        "root_id": message_id(number),
        "kind": "stop-payment",
        "instrument": "stop-payment",
        "origin": "police.420100",
        "recipient": "bank.icbc",
        "target_kind": "card",
        "target_masked": "6222 **** 0006",
        "subject": b"subject token",
        "state": MeasureState.IN_FORCE,
        "terms": 1,
        "applied_us": NOW_US,
        "ends_us": NOW_US + 48 * 3_600_000_000,
        "profile": "cn",
        "exercise": False,
        "report": b"report envelope",
        "changed_us": NOW_US,
    }
    return MeasureRow(**(values | changed))


def accepted(number: int, receipt: bytes = b"receipt") -> Settled:
    """The hub's receipt for the ``number``-th outgoing message."""
    return Settled(message_id=message_id(number), state=OutboxState.ACCEPTED, receipt=receipt, now_us=NOW_US + 1)
