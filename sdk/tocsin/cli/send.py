"""The verb ``send``: one command per kind of order, generated from the kind itself. A new kind needs no line here.

 * An option stands for each field of the kind and of the header it may carry; the kind's own rules judge what is missing.
 * The order is on the disk before anything is said about the hub; out of reach, it is queued and goes out later.
"""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tocsin import loop
from tocsin.cli.durations import seconds
from tocsin.cli.words import word
from tocsin.core.errors import Reason, error
from tocsin.core.texts import label

if TYPE_CHECKING:
    from tocsin.cli.settings import Settings
    from tocsin.core.message import Kind
    from tocsin.wire.shapes import Shape

RECEIPT_SECONDS = 10.0
"""How long the hub's receipt is waited for by default: it comes in milliseconds, or the hub cannot be reached."""

_ROOT = ("contact", "remedy", "holder_notice", "case_ref", "case_filing_no", "lane", "exercise", "on_behalf_of")
_BASIS = ("profile", "statute", "article", "document_no")
_FOLLOWER = ("contact", "case_ref")
_LABELS = {"document_no": "legal_basis.document_no"}


class SendGroup(TyperGroup):
    """Lists and makes the commands from the kinds, when one is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The kinds of order."""
        return sorted(_kinds())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a kind."""
        kind = _kinds().get(cmd_name)
        if kind is None:
            return None
        made = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        made.command(cmd_name, help=_help(kind))(_verb(kind, _settings(ctx)))
        return typer.main.get_command(made)


app = typer.Typer(cls=SendGroup, no_args_is_help=True, help="Send an order and wait for the hub's receipt.")


@app.callback()
def send() -> None:
    """Send an order and wait for the hub's receipt."""


def _kinds() -> dict[str, "Kind"]:
    from tocsin.core import orders  # noqa: F401  (fills KINDS)
    from tocsin.core.message import KINDS, Nature

    return {key: kind for key, kind in KINDS.items() if kind.nature is Nature.ORDER}


def _settings(ctx: Any) -> "Settings | None":
    found: Settings | None = ctx.find_root().obj if ctx is not None else None
    return found


def _help(kind: "Kind") -> str:
    words = (kind.cls.__doc__ or kind.name).partition("\n")[0]
    return f"{words} Account or thread: one of the two." if kind.starts_thread and kind.follows else words


def _verb(kind: "Kind", settings: "Settings | None") -> Callable[..., None]:
    """A function with one parameter per option, for typer to read."""
    lang = settings.lang if settings is not None else "en"
    given = [*_places(kind, lang), *_fields_of(kind, lang), *_header(kind, lang), *_waits(lang)]

    def verb(ctx: typer.Context, timeout: str, wait: str, **values: Any) -> None:
        raise typer.Exit(loop.run(_send(ctx.obj, kind, values, seconds(timeout, "timeout"), seconds(wait, "wait"))))

    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    verb.__signature__ = inspect.Signature([context, *given])  # type: ignore[attr-defined]
    verb.__annotations__ = {one.name: one.annotation for one in [context, *given]}
    return verb


def _places(kind: "Kind", lang: str) -> list[inspect.Parameter]:
    made = []
    if kind.starts_thread and not _by_target(kind):
        made.append(_parameter("recipient", str, word("help-recipient", lang)))
    elif kind.starts_thread:
        made.append(_parameter("account", str, word("help-account", lang), "--account", "--target"))
    if kind.follows:
        made.append(_parameter("thread", str, word("help-thread", lang)))
    return made


def _by_target(kind: "Kind") -> bool:
    from tocsin.core.measure import MeasureOrder

    return not issubclass(kind.cls, MeasureOrder) or kind.cls.BY_TARGET


def _fields(kind: "Kind") -> "list[Shape]":
    """The fields that a word on a command line can state; lists are given by repeating the option."""
    from tocsin.core.money import Money
    from tocsin.wire.shapes import shapes_of

    return [
        shape
        for shape in shapes_of(kind.cls)
        if shape.type is Money or (shape.form == "enum" and not shape.repeated) or shape.type in (str, int, bool)
    ]


def _fields_of(kind: "Kind", lang: str) -> list[inspect.Parameter]:
    from tocsin.wire.json_keys import by_key

    keys = {shape.name: key for key, shape in by_key(kind.cls).items()}
    made = []
    for shape in _fields(kind):
        type_ = shape.type if shape.type in (bool, int) and not shape.is_time else str
        type_ = list[type_] if shape.repeated else type_  # type: ignore[valid-type]
        made.append(_parameter(shape.name, type_, _explained(shape, lang), f"--{keys[shape.name].replace('_', '-')}"))
    return made


def _header(kind: "Kind", lang: str) -> list[inspect.Parameter]:
    """Options for the fields of the header that this kind may carry: a mere follower takes most from its thread."""
    from tocsin.core.message import Header
    from tocsin.wire.json_keys import by_key

    shapes = by_key(Header)
    made = []
    for one in (*_ROOT, *_BASIS) if kind.starts_thread else _FOLLOWER:
        explained = word(f"help-{one}", lang)
        if explained == f"help-{one}":
            explained = _explained(shapes[one], lang) if one in shapes else f"{label(_LABELS.get(one, one), lang)}."
        made.append(_parameter(one, bool if one == "exercise" else str, explained))
    return made


def _explained(shape: "Shape", lang: str) -> str:
    from tocsin.wire.json_keys import enum_key

    if (words := word(f"help-{shape.name}", lang)) != f"help-{shape.name}":
        return words
    words = label(shape.name, lang)
    if shape.private:
        words += word("help-sealed", lang)
    if shape.form == "enum":
        words += f": {', '.join(enum_key(member) for member in shape.type)}"
    elif shape.form == "nested":
        words += word("help-money", lang)
    elif shape.is_time:
        words += word("help-time", lang)
    return f"{words}."


def _waits(lang: str) -> list[inspect.Parameter]:
    return [
        _parameter("timeout", str, word("help-timeout", lang), default=f"{RECEIPT_SECONDS:g}s"),
        _parameter("wait", str, word("help-wait", lang), default="0s"),
    ]


def _parameter(parameter: str, type_: type[Any], words: str, *flags: str, default: Any = None) -> inspect.Parameter:
    flags = flags or (f"--{parameter.replace('_', '-')}",)
    annotation: Any = Annotated[type_ if default is not None else type_ | None, typer.Option(*flags, help=words)]
    return inspect.Parameter(parameter, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


async def _send(settings: "Settings", kind: "Kind", values: dict[str, Any], timeout: float, wait: float) -> int:
    from tocsin.cli.waiting import receipt_of
    from tocsin.core.times import parse_time

    account, thread = values.pop("account", None), values.pop("thread", None) or ""
    recipient = values.pop("recipient", None) or ""
    if kind.starts_thread and not _by_target(kind):
        if not recipient:
            raise error(Reason.FIELD_MISSING, field="recipients", rule="the party it goes to")
    elif account and thread:
        raise error(Reason.FIELD_INVALID, field="thread", rule="the account, or the thread of an order; one of the two")
    elif not (account or thread):
        rule = "the card or account" if kind.starts_thread else "any order id of the thread it joins"
        raise error(Reason.FIELD_MISSING, field="account" if kind.starts_thread else "thread", rule=rule)
    fields = {key: value for key, value in values.items() if value is not None}
    for shape in _fields(kind):
        if shape.is_time and shape.name in fields:
            fields[shape.name] = parse_time(fields[shape.name], field=shape.name)
        elif shape.repeated and shape.name in fields:
            fields[shape.name] = tuple(fields[shape.name])
    participant = settings.participant(receive=wait > 0)
    await participant.open()
    try:
        if not participant.directory_copy.version:
            await participant.fetch_directory()
        participant.link.start()
        sent = await participant.order(kind.name, target=account, thread=thread, recipient=recipient, **fields)
        return await receipt_of(settings, participant, sent, timeout=timeout, wait=wait)
    finally:
        await participant.aclose()
