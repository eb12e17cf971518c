"""A real hub in your tests: ``LocalHub`` with SQLite, TLS and fsync, a virtual clock, and faults. Needs the extra ``testing``."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.testing.clock import VirtualClock
    from tocsin.testing.disk import Disk
    from tocsin.testing.hub import LocalHub
    from tocsin.testing.line import Carried, Line

__all__ = ["Carried", "Disk", "Line", "LocalHub", "VirtualClock"]

_HOME = {
    "Carried": "tocsin.testing.line",
    "Disk": "tocsin.testing.disk",
    "Line": "tocsin.testing.line",
    "LocalHub": "tocsin.testing.hub",
    "VirtualClock": "tocsin.testing.clock",
}


def __getattr__(name: str) -> object:
    """Loads on first use: only a test needs the hub."""
    if name not in _HOME:
        raise AttributeError(f"module 'tocsin.testing' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
