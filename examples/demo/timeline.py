"""The timeline: per order issued, accepted, delivered, executed, answered, with the milliseconds between.

* Issued and answered are the police's clock, accepted is the hub's, delivered and executed are the bank's; here all on one machine.
* An order that met an outage of hub or bank on its way is shown so and left out of the percentiles: it measures the outage.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from rich.box import SIMPLE_HEAD
from rich.table import Table

from examples.demo.books import Books
from examples.demo.record import Seen
from examples.demo.story import Story, stop_tag
from tocsin.core.identifiers import identifier, masked
from tocsin.core.times import from_us, show

ZONE = "Asia/Shanghai"
SAMPLE = 4
"""Rows of each sort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order's way; times in microseconds, 0 where it did not get that far."""

    order: Seen
    bank: str
    card: str
    delivered_us: int
    executed_us: int
    through: str

    def gaps_ms(self) -> list[float]:
        """Milliseconds: issued → accepted → delivered → executed → answered, and issued → executed."""
        at = [self.order.issued_us, self.order.accepted_us, self.delivered_us, self.executed_us, self.order.answered_us]
        steps = [(b - a) / 1000 for a, b in pairwise(at)]
        return [*steps, (self.executed_us - self.order.issued_us) / 1000]


GAPS = (
    "issued → accepted", "accepted → delivered", "delivered → executed", "executed → answered", "issued → executed",
)  # fmt: skip


def rows(story: Story, books: dict[str, Books]) -> list[Row]:
    """The way of every order, in the order of issue."""
    of_thread = {stop_tag(case): case for case in story.cases}
    of_thread |= {name: story.part(name) for name in ("extend", "freeze", "release")}
    made = []
    for tag, order in story.seen().orders.items():
        case = of_thread.get(tag)
        if case is None:
            continue
        calls, done = books[case.party].calls_of(order.order_id), books[case.party].done_of(order.order_id)
        delivered = calls[0].delivered_us if calls else 0
        executed = done[0].from_us if done else 0
        through = [
            "hub" if name == "hub" else "bank" for name in ("hub", case.party)
            for start, end in story.outages.get(name, []) if start < order.answered_us and order.issued_us < end
        ]  # fmt: skip
        card = masked(identifier(case.account.number))
        made.append(
            Row(
                order=order,
                bank=case.party,
                card=card,
                delivered_us=delivered,
                executed_us=executed,
                through=", ".join(through),
            )
        )
    return made


def sample(found: list[Row]) -> list[Row]:
    """A few rows of each sort, in the order of issue."""
    chosen: list[Row] = []
    for sort in ("smooth", "through", "short", "refused", "life"):
        chosen += [row for row in found if _sort(row) == sort][:SAMPLE]
    return sorted(chosen, key=lambda row: row.order.issued_us)


COLUMNS = (
    ("order", "left", 0), ("card", "left", 124), ("bank", "left", 0), ("issued", "left", 92), ("accepted", "right", 0),
    ("delivered", "right", 0), ("executed", "right", 0), ("answered", "right", 0), ("outcome", "left", 0),
    ("outage of", "left", 103),
)  # fmt: skip
"""Name, side, and the width of a terminal from which the column is shown: a narrow one gets fewer columns, not cut figures."""


def table(found: list[Row], width: int) -> Table:
    """The timeline as a table for a terminal of ``width`` columns."""
    title = f"Timeline, a sample: + is milliseconds since the step before, times of {ZONE}"
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    shown = [place for place, (_, _, least) in enumerate(COLUMNS) if width >= least]
    for place in shown:
        made.add_column(COLUMNS[place][0], justify="right" if COLUMNS[place][1] == "right" else "left", no_wrap=True)
    for row in found:
        cells = _cells(row)
        made.add_row(*(cells[place] for place in shown))
    return made


def _cells(row: Row) -> list[str]:
    order, gaps = row.order, row.gaps_ms()
    since = row.executed_us or row.delivered_us
    return [
        order.kind, row.card, row.bank, _clock(order.issued_us), f"#{order.log_index} +{gaps[0]:.1f}", f"+{gaps[1]:.1f}",
        f"+{gaps[2]:.1f}" if row.executed_us else "–", f"+{(order.answered_us - since) / 1000:.1f}", order.outcome, row.through,
    ]  # fmt: skip


def percentiles(found: list[Row]) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and maximum of each gap over the orders that met no outage, milliseconds."""
    smooth = [row.gaps_ms() for row in found if not row.through and row.executed_us]
    if len(smooth) < 2:
        return {}
    made = {}
    for place, name in enumerate(GAPS):
        values = sorted(gaps[place] for gaps in smooth)
        cuts = quantiles(values, n=20, method="inclusive")
        made[name] = {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1), "max": round(values[-1], 1)}
    return made


def smooth_count(found: list[Row]) -> int:
    """How many orders the percentiles are over."""
    return sum(not row.through and row.executed_us > 0 for row in found)


def percentile_table(found: list[Row]) -> Table:
    """The percentiles as a table."""
    made = Table("ms", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("p50", "p95", "max"):
        made.add_column(name, justify="right")
    for gap, values in percentiles(found).items():
        made.add_row(gap, *(f"{values[name]:.1f}" for name in ("p50", "p95", "max")))
    return made


def _sort(row: Row) -> str:
    if row.order.kind != "stop":
        return "life"
    if row.order.outcome == "done":
        return "through" if row.through else "smooth"
    return "short" if row.order.outcome == "done-short" else "refused"


def _clock(us: int) -> str:
    return f"{show(from_us(us), ZONE)[11:19]}.{us // 1000 % 1000:03d}"
