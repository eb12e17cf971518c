"""What a program or a file is told: an order, or the end of a measure, as JSON.

 * The same object goes to a program's standard input and into a file of the drop folder.
 * ``idempotency_key`` is the same whenever the same order comes; ``repeat`` says that it may have come before.
 * Times are RFC 3339 in UTC; ``ends_at`` is the legal end by this party's clock, null when the order sets none.
"""

from datetime import datetime
from typing import Any

from tocsin.core.measure import MeasureOrder
from tocsin.core.times import from_us
from tocsin.results import Lapsed
from tocsin.wire.json import to_json


def task_json(order: MeasureOrder) -> dict[str, Any]:
    """An order to be carried out; private fields stand in it, opened."""
    delivery = order.delivery
    return {
        "kind": order.KIND.name,
        "message_id": order.id,
        "idempotency_key": order.id,
        "thread_id": order.thread_id,
        "attempt": delivery.attempt,
        "repeat": order.repeat,
        "exercise": order.header.exercise,
        "accepted_at": _time(from_us(delivery.accepted_us)),
        "started_at": _time(from_us(delivery.started_us)),
        "ends_at": _time(order.ends_at),
        "order": to_json(order),
    }


def lapsed_json(event: Lapsed) -> dict[str, Any]:
    """The end of a measure, which wants no answer."""
    return {
        "kind": "lapsed", "thread_id": event.thread_id, "instrument": event.kind, "repeat": event.repeat,
        "idempotency_key": f"{event.thread_id}/lapsed", "ends_at": _time(event.ends_at),
    }  # fmt: skip


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
