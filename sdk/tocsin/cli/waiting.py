"""What follows a sent message, the same for every verb that sends: its receipt, perhaps its outcome, and the exit code."""

from typing import TYPE_CHECKING, Any

from tocsin.cli.show import (
    EXIT_PENDING,
    EXIT_REFUSED,
    complain,
    error_json,
    name,
    print_json,
    rfc3339,
    safe,
    say,
    time_text,
)
from tocsin.cli.words import word
from tocsin.core.errors import Rejected
from tocsin.core.orders.report import Outcome
from tocsin.gateway.reports import outcome_key, result_json
from tocsin.results import Executed, NoAnswer, Refused, Result

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.client.participant import Participant
    from tocsin.client.sent import SentOrder


async def receipt_of(
    settings: "Settings", participant: "Participant", sent: "SentOrder", *, timeout: float, wait: float
) -> int:
    """Waits for the receipt, and for the outcome when ``wait`` seconds are given; prints both; returns the exit code."""
    zone = zone_of(participant)
    answer: dict[str, Any] = {
        "order": sent.id, "thread": sent.thread_id, "kind": sent.message.KIND.name, "recipient": sent.recipient,
    }  # fmt: skip
    if not settings.json:
        say(f"{name(settings, 'report')} {sent.id}" if answer["kind"] == "report" else word("order-is", settings.lang, id=sent.id))
    try:
        receipt = await sent.accepted(timeout)
        if receipt is None:
            print_json(answer | {"state": "queued"}) if settings.json else say(word("queued", settings.lang))
            return EXIT_PENDING
        us = receipt.sequencing.accepted_us
        index = receipt.sequencing.log_index
        answer |= {"state": "accepted", "log_index": index, "accepted_at": rfc3339(us)}
        if not settings.json:
            said = {"index": index, "time": time_text(settings, us, zone), "recipient": sent.recipient}
            say(word("accepted", settings.lang, **said))
        if not wait:
            if settings.json:
                print_json(answer)
            return 0
        if not settings.json:
            complain(word("waiting-for", settings.lang, party=sent.recipient, seconds=f"{wait:g}"))
        result = await sent.outcome(wait)
    except Rejected as refusal:
        if settings.json:
            print_json(answer | {"state": "refused", "error": error_json(refusal, settings.lang)})
            return EXIT_REFUSED
        say(word("refused-by-hub", settings.lang, text=refusal.text(settings.lang)))
        return EXIT_REFUSED
    if settings.json:
        print_json(answer | {"result": result_json(result)})
    else:
        say(result_text(settings, result, sent, zone))
    return code_of(result)


def zone_of(participant: "Participant", profile: str = "") -> str:
    """The zone times are shown in: that of the profile named, else of the bus's first."""
    profiles = participant.directory_copy.directory.profiles
    found = profiles.get(profile) or next(iter(profiles.values()), None)
    return found.zone if found is not None else "UTC"


def code_of(result: Result) -> int:
    """The exit code of an outcome."""
    if isinstance(result, Executed):
        return 0
    return EXIT_REFUSED if isinstance(result, Refused) else EXIT_PENDING


def result_text(settings: "Settings", result: Result, sent: "SentOrder", zone: str) -> str:
    """An outcome as a line."""
    from tocsin.core.times import show

    lang = settings.lang
    if isinstance(result, Executed):
        outcome = name(settings, outcome_key(result.outcome))
        line = word("executed-plain", lang, outcome=outcome)
        if result.expires_at is not None:
            until = show(result.expires_at, zone, utc=settings.utc)
            held = result.held.to_text() if result.held is not None else ""
            line = word("executed" if held else "executed-until", lang, outcome=outcome, held=held, time=until)
        for item, why in result.not_applied.items():
            line += f"\n  {item}: {name(settings, outcome_key(Outcome(why)))}"
        return f"{line}  {word('late', lang)}" if result.late else line
    if isinstance(result, Refused):
        outcome = name(settings, outcome_key(result.outcome))
        return word("refused", lang, party=sent.recipient, outcome=outcome, note=safe(result.note)).rstrip()
    if isinstance(result, NoAnswer):
        due = show(result.due_at, zone, utc=settings.utc)
        fetched = word("yes" if result.fetched else "no", lang)
        return word("no-answer", lang, party=result.party, time=due, fetched=fetched)
    return word("pending", lang, id=sent.id)
