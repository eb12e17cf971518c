"""What the hub says when a deadline passes: a message of its own, signed and logged like any other.

 * A passed answer deadline is stated as *not fetched* or *fetched but unanswered*; it goes to the origin and to the party named
   for escalation.
 * A passed end goes to origin and bank; a passed execution time likewise.
 * A delivery given up goes to the party named for escalation, else to the operator's own mailbox.
"""

from tocsin.core.directory import HUB, Directory
from tocsin.core.message import Header, Lane, Thread
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin_hub.domain.rows import ThreadRow, TimerRow

RECORD_LIFETIME_US = 60 * 1_000_000
"""Admission window of a hub-signed record: it is sequenced in the same breath, so any positive span does."""


def deadline_message(
    timer: TimerRow,
    thread: ThreadRow,
    directory: Directory,
    *,
    fetched: bool,
    bus: str,
    author_key: str,
    message_id: bytes,
    at_us: int,
) -> DeadlinePassed:
    """The record of ``timer`` having passed, to be signed by the hub's own key."""
    deadline = Deadline(timer.deadline)
    if deadline is Deadline.ANSWER_NOT_FETCHED and fetched:
        deadline = Deadline.ANSWER_FETCHED
    return DeadlinePassed(
        header=Header(
            message_id=message_id,
            sender=HUB,
            author_key=author_key,
            recipients=_recipients(deadline, timer, thread, directory),
            audience=bus,
            created_us=at_us,
            expires_us=at_us + RECORD_LIFETIME_US,
            lane=Lane(thread.lane),
            thread=Thread(root_id=thread.root_id, parent_id=timer.order_id),
            exercise=thread.exercise,
        ),
        deadline=deadline,
        due_us=timer.due_us,
        party=timer.party,
    )


def _recipients(deadline: Deadline, timer: TimerRow, thread: ThreadRow, directory: Directory) -> tuple[str, ...]:
    party = directory.parties.get(timer.party)
    escalate_to = party.escalate_to if party is not None else ""
    match deadline:
        case Deadline.MEASURE_END | Deadline.EXECUTION:
            told = {thread.origin, thread.recipient}
        case Deadline.DELIVERY:
            told = {escalate_to or HUB}
        case _:
            told = {thread.origin, escalate_to or thread.origin}
    return tuple(sorted(told))
