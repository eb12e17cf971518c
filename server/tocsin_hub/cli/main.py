"""``tocsin-hub``: makes, runs and watches a hub."""

import os
import sys
from importlib import import_module


def main() -> None:
    """Entry point; names the missing extra instead of failing inside an import."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its own words for a taken port stand before ours, and are no operator's
    try:
        app = import_module("tocsin_hub.cli.app").app
    except ModuleNotFoundError as missing:
        if missing.name is not None and not missing.name.startswith("tocsin"):
            sys.exit(
                f"tocsin-hub needs the extra packages of a hub ({missing.name} is missing): pip install 'tocsin[hub]'"
            )
        raise
    app()


if __name__ == "__main__":
    main()
