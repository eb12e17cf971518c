"""Figures of the whole system, measured on the ordinary hub: ``python -m tests.bench`` (or ``make bench``)."""
