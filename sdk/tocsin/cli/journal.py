"""The log of a running command on standard error: one line a record, with the journal's priority where systemd reads it."""

import logging
import os

_PRIORITY = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""sd-daemon(3): ``<3>`` is an error."""


class _Formatter(logging.Formatter):
    def __init__(self, *, journal: bool) -> None:
        line = "%(name)s: %(message)s" if journal else "%(asctime)s %(levelname)s %(name)s: %(message)s"
        super().__init__(line, datefmt="%Y-%m-%d %H:%M:%S %z")  # with its offset, as every time we show
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if not self._journal:
            return text
        mark = f"<{_PRIORITY.get(record.levelno, 6)}>"
        return "\n".join(mark + line for line in text.splitlines())


def log_to_stderr() -> None:
    """Sends the records of this package to standard error, from INFO up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(journal="JOURNAL_STREAM" in os.environ))
    root = logging.getLogger("tocsin")
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
