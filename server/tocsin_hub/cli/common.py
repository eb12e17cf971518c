"""What the verbs share: the hub directory, passphrases, the admin socket, and how results and errors are shown.

* Errors of the bus are one line in the operator's language; nothing else prints a traceback but a fault of ours.
* Exit codes are those of ``tocsin``: 2 for what was typed or set up here, 3 for what is refused or not reached.
* With ``--json`` every result and every error is one JSON document on standard output.
"""

import contextlib
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import grpc
import typer
from rich.console import Console
from rich.table import Table

from tocsin import loop
from tocsin.client.channel import calling
from tocsin.core.errors import BusError, LocalFault, Malformed, Reason, error
from tocsin.core.texts import filled, label, language
from tocsin.crypto.passphrase import find_passphrase
from tocsin.v1.admin_service_pb2_grpc import AdminServiceStub
from tocsin_hub.config import HubPaths

T = TypeVar("T")

EXIT_USAGE, EXIT_REFUSED = 2, 3

Directory = Annotated[
    Path, typer.Option("--dir", "-d", envvar="TOCSIN_HUB_DIR", help="The hub's directory.", show_default=True)
]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File that holds the passphrase of the hub's keys.")
]
RootPassphraseFile = Annotated[
    Path | None, typer.Option("--root-passphrase-file", help="File that holds the passphrase of the governance key.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

PIPE_WIDTH = 240

HERE = Path("hub")
"""Where a hub is looked for unless said otherwise."""


def lang() -> str:
    """The operator's language, from the environment."""
    return language(os.environ.get("TOCSIN_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")


@contextlib.contextmanager
def reporting(as_json: bool = False) -> Iterator[None]:
    """Shows an error of the bus as one line (or JSON) and exits."""
    try:
        yield
    except BusError as failure:
        text = _text(failure)
        if as_json:
            shown = {"reason": failure.reason, "text": text, "facts": dict(failure.facts)}
            print(json.dumps({"error": shown}, ensure_ascii=False))
        else:
            Console(stderr=True, highlight=False, soft_wrap=True).print(f"{text} [{failure.reason}]", markup=False)
        raise typer.Exit(EXIT_USAGE if isinstance(failure, Malformed | LocalFault) else EXIT_REFUSED) from None


def _text(failure: BusError) -> str:
    """The operator's words for a failure where the common ones are a member's."""
    key = f"operator.{failure.reason}"
    words = label(key, lang())
    return failure.text(lang()) if words == key else filled(words, failure.facts, lang())


def run(work: Callable[[], Awaitable[T]], *, as_json: bool = False) -> T:
    """Runs an asynchronous verb."""
    with reporting(as_json):
        return loop.run(_awaited(work))


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def passphrase(file: Path | None, *, what: str = "passphrase", confirm: bool = False) -> str:
    """A passphrase from the file, the systemd credential, the environment or the terminal."""

    def ask(key: str) -> str:
        return getpass.getpass(f"{label(key, lang())} ({what}): ")

    prompt = ask if sys.stdin.isatty() else None
    return find_passphrase(explicit=None, file=file, env=os.environ, prompt=prompt, confirm=confirm)


@contextlib.asynccontextmanager
async def admin(root: Path) -> AsyncIterator[AdminServiceStub]:
    """The running hub, over its UNIX socket.

    Raises:
        HubUnreachable: HUB_UNREACHABLE when no hub runs on the directory.
        LocalFault: IDENTITY_INVALID when it is no hub directory.
    """
    paths = HubPaths(root.absolute())
    if not paths.config.exists():
        raise error(Reason.IDENTITY_INVALID, hint="this is no hub directory; make one with: tocsin-hub init DIR")
    if not paths.admin_socket.exists():
        raise error(Reason.HUB_UNREACHABLE)
    async with grpc.aio.insecure_channel(f"unix:{paths.admin_socket}") as channel:
        yield AdminServiceStub(channel)


async def ask(call: Awaitable[T]) -> T:
    """The answer of an admin call. Raises BusError."""
    return await calling(call)


def show(value: Any, as_json: bool, *, table: Callable[[], Table] | None = None) -> None:
    """Prints a result."""
    if as_json:
        print(json.dumps(value, ensure_ascii=False, default=str))
    elif table is not None:
        made = table()
        for column in made.columns:
            column.overflow = "fold"  # an id that is cut cannot be copied
        # A pipe has no width: nothing is cut there.
        Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(made)
    else:
        console = Console(highlight=False, soft_wrap=True)
        for name, one in value.items():
            console.print(f"{name:20} {one}", markup=False)
