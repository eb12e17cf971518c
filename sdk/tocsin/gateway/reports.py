"""Answers as people and programs give and read them: words and JSON become ``Executed`` or ``Refused``, and back.

 * The JSON form is that of ``report``: ``outcome``, ``held``, ``balance``, ``available``, ``reason``; anything more is an error.
 * When a measure applies and when it ends is not the answer's to say: the SDK states both.
"""

import json
from collections.abc import Sequence
from typing import Any

from tocsin.core.errors import Reason, error
from tocsin.core.message import KINDS
from tocsin.core.money import Money
from tocsin.core.orders.report import ItemOutcome, Outcome
from tocsin.core.texts import LANGUAGES, label
from tocsin.results import Executed, NoAnswer, Refused, Result
from tocsin.wire.json import body_from_json

MAX_ANSWER = 64 * 1024
"""Bytes a program may print: a report is a few hundred."""

_OURS = ("applied_us", "expires_us")


def answer_of(
    outcome: str,
    *,
    held: str | Money | None,
    balance: str | Money | None,
    available: str | Money | None,
    note: str,
    not_applied: Sequence[ItemOutcome] = (),
) -> Executed | Refused:
    """The answer for an outcome's name, or for what it is called in English or Chinese.

    Raises:
        Malformed: FIELD_INVALID for an unknown outcome or amounts with a refusal; what ``parse_money`` raises.
    """
    known = {one.name.lower().replace("_", "-"): one for one in Outcome if one is not Outcome.LAPSED}
    said = " ".join(outcome.lower().replace("_", "-").split())
    called = {label(key, lang): one for key, one in known.items() for lang in LANGUAGES}
    found = known.get(said.replace(" ", "-")) or called.get(said)
    if found is None:
        raise error(Reason.FIELD_INVALID, field="outcome", rule=f"one of {', '.join(known)}")
    if found.executed:
        return Executed(
            held=held, balance=balance, available=available, outcome=found, note=note,  # type: ignore[arg-type]
            not_applied={one.position: one.outcome for one in not_applied},
        )  # fmt: skip
    for field, given in (("held", held), ("balance", balance), ("available", available)):
        if given is not None:
            raise error(Reason.FIELD_INVALID, field=field, rule="only when the order took effect")
    return Refused(found, note=note)


def read_answer(printed: bytes) -> Executed | Refused:
    """The answer in what a program printed.

    Raises:
        ValueError: It is not one JSON document in UTF-8.
        BusError: It is not a report, or one that does not hold.
    """
    try:
        data: Any = json.loads(printed.decode(), parse_constant=refuse_constant)
    except RecursionError as exc:
        raise ValueError("too deep") from exc
    return answer_from_json(data)


def answer_from_json(data: object) -> Executed | Refused:
    """The answer in a JSON value of the form of ``report``.

    Raises:
        BusError: It is not a report, or one that does not hold.
    """
    fields = body_from_json(KINDS["report"], data)
    for field in _OURS:
        if fields.get(field):
            raise error(Reason.FIELD_INVALID, field=field.removesuffix("_us"), rule="left out: it is stated from here")
    outcome: Outcome = fields["outcome"]
    return answer_of(
        outcome.name, held=fields.get("held"), balance=fields.get("balance"), available=fields.get("available"),
        note=fields.get("reason", ""), not_applied=fields.get("not_applied", ()),
    )  # fmt: skip


def refuse_constant(text: str) -> Any:
    """For ``json.loads``: NaN and Infinity are Python's, not JSON's."""
    raise ValueError(f"{text} is no JSON")


def outcome_key(outcome: Outcome) -> str:
    """``DONE_SHORT`` as ``done-short``."""
    return outcome.name.lower().replace("_", "-")


def result_json(result: Result) -> dict[str, Any]:
    """An outcome as JSON; ``state`` tells which of the four it is."""
    if isinstance(result, Executed):
        money = {
            key: amount.to_json()
            for key in ("held", "balance", "available")
            if (amount := getattr(result, key)) is not None
        }
        times = {
            key: moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
            for key in ("applied_at", "expires_at")
            if (moment := getattr(result, key)) is not None
        }
        told = {"outcome": outcome_key(result.outcome), "late": result.late, "note": result.note}
        left = {str(item): outcome_key(Outcome(why)) for item, why in result.not_applied.items()}
        return {"state": "executed", **told, **money, **times, **({"not_applied": left} if left else {})}
    if isinstance(result, Refused):
        return {"state": "refused", "outcome": outcome_key(result.outcome), "late": result.late, "note": result.note}
    if isinstance(result, NoAnswer):
        due = result.due_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"state": "no-answer", "party": result.party, "fetched": result.fetched, "due_at": due}
    return {"state": "pending"}
