"""The owner: a police bureau that keeps the list and answers hits as they come.

    python -m examples.customs.owner police.identity
"""

import sys

from tocsin import Participant, WatchAnswer, WatchHit


def answering(police: Participant) -> None:
    """Lets ``police`` answer every hit on its lists."""

    @police.on(WatchHit)
    async def hit(one: WatchHit) -> WatchAnswer:
        entry = await police.watchlists.entry(one.list_id, one.entry_no)
        if entry is None:
            return WatchAnswer("call", note="we cannot find the entry", contact="027-0000 0000")
        return WatchAnswer("hold", note="officers are on their way", contact="027-0000 0000, desk 4")


def main() -> None:
    """Serves until it is stopped."""
    police = Participant.load(sys.argv[1])
    answering(police)
    police.run()


if __name__ == "__main__":
    main()
