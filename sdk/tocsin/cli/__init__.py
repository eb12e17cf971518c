"""The command ``tocsin``: one file per verb group. Nothing of the bus is imported before a verb needs it."""
