"""``python -m tests.kill --kills N [--seed S]``: prints the verdict; exits non-zero unless nothing was lost or unmarked."""

import argparse
import asyncio
import secrets
import sys

from tests.kill.run import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description="kill -9 hub and bank at random points")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="repeats the same points")
    options = parser.parse_args()
    print(f"killing hub or bank {options.kills} times while orders flow (seed {options.seed}) …", flush=True)
    verdict = asyncio.run(run(options.kills, options.seed))
    print(
        f"kills={verdict.kills} orders={verdict.orders} lost={verdict.lost} unmarked={verdict.unmarked} "
        f"held_twice={verdict.held_twice} seconds={verdict.seconds:.0f}"
    )
    sys.exit(0 if verdict.good else 1)


if __name__ == "__main__":
    main()
