"""A police order, as the README has it. Run it where ``police.identity`` lies: ``python -m examples.police_order``."""

import asyncio

from tocsin import Participant


async def main() -> None:
    """Sends one order and prints what came of it."""
    async with Participant.load("police.identity") as police:
        order = await police.stop_payment(account="6222 0200 0000 0007", holder="张三", amount="50000.00 CNY",
                                          reason="reported fraud", contact="027-0000 0000, desk 4")
        print(await order.outcome(timeout=60))     # Executed(held=…) · Refused(reason=…) · NoAnswer(…, signed by the hub) · Pending


if __name__ == "__main__":
    asyncio.run(main())
