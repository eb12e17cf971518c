"""A customs check, as the README has it. Run it where ``customs.identity`` lies: ``python -m examples.customs_check SUBJECT…``."""

import asyncio
import sys

from tocsin import Participant


async def main(travellers: list[str]) -> None:
    """Checks the subjects named, such as ``document:passport/CHN/E00000000``, and prints the hits with the owner's word."""
    async with Participant.load("customs.identity") as customs:
        result = await customs.check(travellers, list="stolen-documents", purpose="entry check", legal_basis="Customs Law, art. 6")
        for hit in result.hits:
            print(hit.action.name, hit.contact, hit.details, await hit.answer(timeout=30))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
