"""One thing the demonstration says of itself, with the figures it is judged by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim: what, whether it is true, and the figures."""

    name: str
    holds: bool
    figures: str
