"""A carrier's own copy of what it is ordered to block, asked in microseconds and written out for its resolvers.

 * ``Blocklist`` keeps the names in a SQLite file of the carrier; ``serve`` keeps it in step with the orders a participant receives.
 * ``zones`` writes it as DNS RPZ, hosts file or CSV.
"""

from tocsin.blocklist.copy import Blocklist
from tocsin.blocklist.zones import write_csv, write_hosts, write_rpz

__all__ = ["Blocklist", "write_csv", "write_hosts", "write_rpz"]
