"""The verb ``schema``: the JSON Schema of a kind, for whoever writes a program in another language."""

import json
from typing import Annotated

import typer

from tocsin.core.errors import Reason, error


def schema_(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Argument(help="Such as stop-payment or report; without one, all are listed.")] = None,
    body: Annotated[bool, typer.Option("--body", help="Without the header: what a program of listen --exec answers.")] = False,
) -> None:
    """Print the JSON Schema (2020-12) of a kind of message."""
    from tocsin.core import directory_messages, orders  # noqa: F401  (fills KINDS)
    from tocsin.core.message import KINDS
    from tocsin.wire.json_schema import schema

    if kind is None:
        for known in sorted(KINDS):
            print(json.dumps({"kind": known, "nature": KINDS[known].nature.value}) if ctx.obj.json else known)
        return
    if kind not in KINDS:
        raise error(Reason.FIELD_INVALID, field="kind", rule=f"one of {', '.join(sorted(KINDS))}")
    print(json.dumps(schema(KINDS[kind], body_only=body), ensure_ascii=False, indent=None if ctx.obj.json else 2))
