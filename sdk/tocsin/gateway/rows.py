"""What a row says: an answer to an order, or an order to be sent; and what we write about orders in rows.

 * JSON values have the form of ``tocsin.wire.json``. In CSV an amount is ``50000.00 CNY``, a truth value true or false.
 * A column that means nothing here is refused by name: what a row says and we overlook would be believed to be said.
 * Which columns an order has follows from the kinds: a new kind needs no line here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tocsin.client.given import BASIS, HEADER
from tocsin.core import orders  # noqa: F401  (fills KINDS)
from tocsin.core.errors import Reason, error
from tocsin.core.identifiers import parse_message_id
from tocsin.core.message import KINDS, Kind, Nature
from tocsin.core.money import parse_money
from tocsin.gateway.reports import answer_from_json, answer_of
from tocsin.gateway.tables import Row
from tocsin.results import Executed, Refused
from tocsin.wire.json import body_from_json
from tocsin.wire.json_keys import by_key
from tocsin.wire.shapes import Shape

ANSWER_COLUMNS = ("message_id", "outcome", "held", "balance", "available", "reason")
"""What a row of answers may have in CSV."""

RESULT_COLUMNS = (
    "line", "state", "order", "thread", "kind", "recipient", "log_index", "accepted_at", "outcome", "held", "balance",
    "available", "applied_at", "expires_at", "late", "note", "not_applied", "party", "fetched", "due_at", "reason", "field",
    "text_en", "text_zh",
)  # fmt: skip
"""What a row of results has in CSV; in JSON what is empty is left out."""

_PLACES = ("account", "thread", "recipient")
_TASK = (
    "kind", "message_id", "idempotency_key", "thread_id", "attempt", "repeat", "exercise", "accepted_at", "started_at",
    "ends_at",
)  # fmt: skip
_LAPSED = ("kind", "thread_id", "idempotency_key", "repeat", "instrument", "ends_at")
_HEAD = ("sender", "lane", "contact", "remedy", "holder_notice", "case_ref", "case_filing_no", "on_behalf_of")
_NAME = re.compile(r"[a-z][a-z_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An order to be sent, as ``Participant.order`` takes it."""

    kind: str
    target: str | None
    thread: str
    recipient: str
    fields: Mapping[str, Any]


def answer_in(row: Row) -> tuple[bytes, Executed | Refused]:
    """The order a row answers, and the answer.

    Raises:
        BusError: What the row lacks, what it has too much, or what does not hold.
    """
    cells = dict(row.cells)
    order_id = parse_message_id(_text(cells, "message_id", "the id of the order it answers"))
    del cells["message_id"]
    if row.typed:
        return order_id, answer_from_json(cells)
    _only(cells, ANSWER_COLUMNS)
    outcome = _text(cells, "outcome", "what came of the order")
    return order_id, answer_of(
        outcome, held=cells.get("held"), balance=cells.get("balance"), available=cells.get("available"),
        note=cells.get("reason", ""),
    )  # fmt: skip


def order_in(row: Row) -> Given:
    """The order a row asks to be sent.

    Raises:
        BusError: As ``answer_in``. What spans fields is judged when the order is made.
    """
    cells = dict(row.cells)
    name = _text(cells, "kind", "such as stop-payment")
    del cells["kind"]
    kind = _order_kinds().get(name)
    if kind is None:
        raise error(Reason.FIELD_INVALID, field="kind", rule=f"one of {', '.join(sorted(_order_kinds()))}")
    shapes = {key: shape for key, shape in by_key(kind.cls).items() if shape.name != "header"}
    _only(cells, (*_PLACES, *HEADER, *BASIS, *shapes))
    places = {key: _text(cells, key, "text") for key in _PLACES if cells.get(key)}
    if len(places) != 1:
        raise error(Reason.FIELD_MISSING, field="account", rule="the account, or the thread of an order; one of the two")
    body = {key: _cell(shapes[key], cells[key], row, key) for key in shapes if key in cells}
    fields = body_from_json(kind, body)
    for key in (*HEADER, *BASIS):
        if key in cells:
            fields[key] = _flag(cells[key], row, key) if key == "exercise" else _text(cells, key, "text")
    return Given(
        kind=kind.name, target=places.get("account"), thread=places.get("thread", ""),
        recipient=places.get("recipient", ""), fields=fields,
    )  # fmt: skip


@cache
def order_columns() -> tuple[str, ...]:
    """The columns of an order in CSV: the same for every kind, so that one import reads all."""
    body = [key for kind in _order_kinds().values() for key in by_key(kind.cls) if key not in ("header", *_HEAD, *_TASK)]
    return tuple(dict.fromkeys((*_TASK, *_HEAD, *BASIS, "target_kind", "target", *body)))


def order_cells(task: Mapping[str, Any]) -> dict[str, str]:
    """An order's JSON (``tasks.task_json``) as one row of CSV."""
    order = dict(task["order"])
    header = order.pop("header")
    target = header.get("target") or {}
    values = {
        **order, **{key: header[key] for key in _HEAD if key in header}, **header.get("legal_basis", {}), **task,
        "target_kind": target.get("kind"), "target": target.get("value"),
    }  # fmt: skip
    return {column: _written(values[column]) for column in order_columns() if column in values}


def lapsed_columns() -> tuple[str, ...]:
    """The columns of the end of a measure in CSV."""
    return _LAPSED


def cells_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Flat JSON as cells of CSV."""
    return {key: _written(value) for key, value in values.items()}


@cache
def _order_kinds() -> Mapping[str, Kind]:
    return {name: kind for name, kind in KINDS.items() if kind.nature is Nature.ORDER}


def _only(cells: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in cells:
        if key not in known:
            # Only what looks like a column's name is repeated: a key may be an account in the wrong place.
            raise error(Reason.UNKNOWN_FIELD, field=key if _NAME.fullmatch(key) else "?")


def _text(cells: Mapping[str, Any], key: str, rule: str) -> str:
    value = cells.get(key)
    if value is None or value == "":
        raise error(Reason.FIELD_MISSING, field=key, rule=rule)
    if not isinstance(value, str):
        raise error(Reason.FIELD_INVALID, field=key, rule="text")
    return value


def _flag(value: Any, row: Row, key: str) -> bool:
    found = value if row.typed else {"true": True, "false": False}.get(str(value).lower())
    if not isinstance(found, bool):
        raise error(Reason.FIELD_INVALID, field=key, rule="true or false")
    return found


def _cell(shape: Shape, value: Any, row: Row, key: str) -> Any:
    """A cell as the JSON value it stands for."""
    if row.typed:
        return value
    if shape.repeated:
        return value.split()
    if shape.form == "nested":
        return parse_money(value, field=key, positive=True).to_json()
    if shape.type is bool:
        return _flag(value, row, key)
    if shape.type is int and not shape.is_time:
        if not re.fullmatch("[0-9]{1,18}", value):
            raise error(Reason.FIELD_INVALID, field=key, rule="a whole number")
        return int(value)
    return value


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping) and value.keys() == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
