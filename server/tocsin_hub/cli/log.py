"""The verb about the log: export, for anybody who wants to check it without us."""

import base64
import json as json_
import os
from pathlib import Path
from typing import Annotated

import typer

from tocsin.core.checkpoint import log_origin
from tocsin.core.errors import Reason, error
from tocsin_hub.cli.common import HERE, Directory, Json, PassphraseFile, passphrase, run, show
from tocsin_hub.config import HubPaths, load_config

app = typer.Typer(help="The transparency log.", no_args_is_help=True)

FORMAT = "tocsin-log-1"
PAGE = 2_000


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="File to write, JSON lines.")],
    dir: Directory = HERE,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Write all leaves and the newest checkpoint. The leaves are salted hashes: nothing personal is in them.

    Works beside a running hub. Check the file anywhere with: tocsin verify FILE
    """
    from tocsin.crypto.ed25519 import Ed25519Signer
    from tocsin_hub.app import open_reader
    from tocsin_hub.init_dir import load_hub_keys

    async def work() -> int:
        paths = HubPaths(dir.absolute())
        config = load_config(paths.root)
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise error(Reason.FIELD_INVALID, field="path", rule="a file in a directory that can be written")
        keys = load_hub_keys(paths, passphrase(passphrase_file, what="hub"))
        look_up, close = open_reader(paths, keys)
        try:
            checkpoint, size = await look_up.checkpoint_and_size()
            with path.open("w") as file:
                log_key = Ed25519Signer(keys.log_seed).public_key.hex()
                head = {"format": FORMAT, "origin": log_origin(config.bus, config.epoch), "log_key": log_key}
                file.write(json_.dumps(head) + "\n")
                first = 0
                while first < size:
                    leaves = await look_up.leaves(first, min(PAGE, size - first))
                    file.writelines(json_.dumps({"leaf": base64.b64encode(leaf).decode()}) + "\n" for leaf in leaves)
                    first += len(leaves)
                file.write(json_.dumps({"checkpoint": base64.b64encode(checkpoint).decode()}) + "\n")
            return size
        finally:
            await close()

    show({"path": str(path), "leaves": run(work, as_json=json)}, json)
