"""The hub's own log: JSON lines on standard error, each with a machine word ``action`` beside the sentence.

 * No identifier, no name, no envelope is ever logged; parties are institutions and may be named.
 * A last guard masks what looks like a card or account number in any text, should one slip in through a foreign library's error.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_DIGITS = re.compile(r"\d{11,}")


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Masks long runs of digits in text values; counters and times are numbers, not text."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _DIGITS.sub("…", value)
    return event


def configure_logs(level: int = logging.INFO) -> None:
    """Sets up structlog for the process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            mask,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
