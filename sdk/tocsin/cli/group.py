"""The root of the command's tree: options of all verbs are taken wherever they stand, and errors become lines and exit codes."""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from tocsin.core.errors import BusError

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

_FLAGS = frozenset({"--json", "--utc"})
_VALUED = frozenset({"--identity", "-i", "--passphrase-file", "--lang"})


def hoist(args: Sequence[str]) -> list[str]:
    """``args`` with the root's options moved to the front; what stands behind ``--`` is left alone."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _FLAGS or word.split("=", 1)[0] in _VALUED:
            front.append(word)
            if word in _VALUED:
                front += [value] if (value := next(words, None)) is not None else []
        else:
            rest.append(word)
    return front + rest


class RootGroup(TyperGroup):
    """See the module."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Takes the root's options out from behind the verb."""
        return super().parse_args(ctx, hoist(args))

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Runs the verb and shows what failed."""
        from tocsin.cli.show import show_error

        try:
            return super().invoke(ctx)
        except BusError as failure:
            raise typer.Exit(show_error(ctx.obj, failure)) from None
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None
