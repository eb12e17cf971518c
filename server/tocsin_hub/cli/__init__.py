"""The operator's command, ``tocsin-hub``: one file per verb group."""
