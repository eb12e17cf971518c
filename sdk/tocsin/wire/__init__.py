"""Bytes ↔ core: the strict codec, the JSON form, the mapping of errors. Nothing here does I/O."""
