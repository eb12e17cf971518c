"""How files are written: apart from what needs the bus, so that ``--help`` is quick."""

from enum import StrEnum


class Form(StrEnum):
    """The form of our own files; both are read, whatever this says."""

    JSON = "json"
    CSV = "csv"
