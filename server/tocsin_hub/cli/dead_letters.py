"""The verbs about deliveries that were given up: list, replay."""

from typing import Annotated

import typer
from rich.table import Table

from tocsin.core.identifiers import message_id_text
from tocsin.core.times import from_us
from tocsin.v1 import admin_service_pb2 as pb
from tocsin_hub.cli.common import HERE, Directory, Json, admin, ask, run, show

app = typer.Typer(help="Deliveries that were given up.", no_args_is_help=True)


@app.command("list")
def list_(
    party: Annotated[str, typer.Option(help="Only those of one party.")] = "", dir: Directory = HERE, json: Json = False
) -> None:
    """List dead letters with why they were given up."""

    async def work() -> list[dict[str, object]]:
        async with admin(dir) as stub:
            answer = await ask(stub.ListDeadLetters(pb.ListDeadLettersRequest(party=party)))
        return [
            {
                "party": one.party, "lane": one.lane, "seq": one.seq, "message_id": message_id_text(one.message_id),
                "kind": one.kind, "attempts": one.attempts, "reason": one.reason, "since": from_us(one.parked_us).isoformat(),
            }
            for one in answer.dead_letters
        ]  # fmt: skip

    found = run(work, as_json=json)

    def table() -> Table:
        made = Table("party", "lane", "seq", "kind", "attempts", "reason", "since")
        for one in found:
            made.add_row(*(str(one[name]) for name in ("party", "lane", "seq", "kind", "attempts", "reason", "since")))
        return made

    show(found, json, table=table)


@app.command("replay")
def replay(
    party: Annotated[str, typer.Argument(help="The party they were meant for.")],
    lane: Annotated[str, typer.Option(help="urgent or routine; both when left out.")] = "",
    seq: Annotated[int, typer.Option(help="One position; all when left out.")] = 0,
    dir: Directory = HERE,
    json: Json = False,
) -> None:
    """Offer dead letters again."""

    async def work() -> int:
        async with admin(dir) as stub:
            request = pb.ReplayDeadLettersRequest(party=party, lane=lane, seq=seq)
            return int((await ask(stub.ReplayDeadLetters(request))).replayed)

    show({"replayed": run(work, as_json=json)}, json)
