"""Tocsin: signed orders between institutions against telecom fraud. ``Participant`` is where to begin."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.client.participant import Participant
    from tocsin.client.sent import SentOrder
    from tocsin.core.errors import BusError, Reason, Rejected, Unavailable
    from tocsin.core.message import HolderNotice, Lane
    from tocsin.core.money import Money
    from tocsin.core.orders.block_domains import BlockDomains
    from tocsin.core.orders.extend import Extend
    from tocsin.core.orders.freeze import Freeze, FreezeTerm, FreezeType
    from tocsin.core.orders.release import Release
    from tocsin.core.orders.report import Outcome, Report
    from tocsin.core.orders.stop_payment import StopPayment, StopScope
    from tocsin.core.orders.unblock_domains import UnblockDomains
    from tocsin.core.orders.watch_hit import WatchHit
    from tocsin.results import Executed, Lapsed, NoAnswer, Pending, Refused, Retry, WatchAnswer
    from tocsin.watching import Checked, Clear, Hit, Listed, RowError

__version__ = "0.1.0"

_HOME = {
    "BlockDomains": "tocsin.core.orders.block_domains",
    "BusError": "tocsin.core.errors",
    "Checked": "tocsin.watching",
    "Clear": "tocsin.watching",
    "Executed": "tocsin.results",
    "Extend": "tocsin.core.orders.extend",
    "Freeze": "tocsin.core.orders.freeze",
    "FreezeTerm": "tocsin.core.orders.freeze",
    "FreezeType": "tocsin.core.orders.freeze",
    "Hit": "tocsin.watching",
    "HolderNotice": "tocsin.core.message",
    "Lane": "tocsin.core.message",
    "Lapsed": "tocsin.results",
    "Listed": "tocsin.watching",
    "Money": "tocsin.core.money",
    "NoAnswer": "tocsin.results",
    "Outcome": "tocsin.core.orders.report",
    "Participant": "tocsin.client.participant",
    "Pending": "tocsin.results",
    "Reason": "tocsin.core.errors",
    "Refused": "tocsin.results",
    "Rejected": "tocsin.core.errors",
    "Release": "tocsin.core.orders.release",
    "Report": "tocsin.core.orders.report",
    "Retry": "tocsin.results",
    "RowError": "tocsin.watching",
    "SentOrder": "tocsin.client.sent",
    "StopPayment": "tocsin.core.orders.stop_payment",
    "StopScope": "tocsin.core.orders.stop_payment",
    "UnblockDomains": "tocsin.core.orders.unblock_domains",
    "Unavailable": "tocsin.core.errors",
    "WatchAnswer": "tocsin.results",
    "WatchHit": "tocsin.core.orders.watch_hit",
}

__all__ = [
    "BlockDomains", "BusError", "Checked", "Clear", "Executed", "Extend", "Freeze", "FreezeTerm", "FreezeType", "Hit",
    "HolderNotice", "Lane", "Lapsed", "Listed", "Money", "NoAnswer", "Outcome", "Participant", "Pending", "Reason",
    "Refused", "Rejected", "Release", "Report", "Retry", "RowError", "SentOrder", "StopPayment", "StopScope",
    "Unavailable", "UnblockDomains", "WatchAnswer", "WatchHit",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Loads a public name on first use: the generated code beneath need not be imported to ask for the version."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'tocsin' has no attribute {name!r}")
    return getattr(import_module(home), name)
