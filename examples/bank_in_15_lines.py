"""A bank in 15 lines, as the README has it. Run it where ``bank.identity`` lies: ``python -m examples.bank_in_15_lines``."""


from examples.accounts_in_memory import core_banking
from tocsin import Executed, Participant, Refused, StopPayment

bank = Participant.load("bank.identity")            # keys, certificate, hub address, durable outbox and inbox

@bank.on(StopPayment)
async def stop(order: StopPayment) -> Executed | Refused:
    account = await core_banking.find(order.account)
    if account is None or account.holder != order.holder:
        return Refused("mismatch")
    hold = await core_banking.hold(account, order.amount, until=order.ends_at, key=order.id)
    return Executed(held=hold.amount, balance=hold.balance)

bank.run()     # reconnects, resumes, drains; never loses an order; a redelivery says so (order.repeat)
