"""What the hub counts for Prometheus. No label ever holds an identifier; parties are institutions and may be named."""

from prometheus_client import Counter, Gauge, Histogram

RPCS = Counter("tocsin_rpcs_total", "Calls by method and result", ["method", "result"])
MESSAGES = Counter("tocsin_messages_total", "Messages sequenced, by kind", ["kind"])
REFUSALS = Counter("tocsin_refusals_total", "Messages refused, by reason", ["reason"])
BATCH_MESSAGES = Histogram(
    "tocsin_batch_messages", "Messages of one committed batch", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 320)
)
LOG_SIZE = Gauge("tocsin_log_size", "Leaves in the log")
SESSIONS = Gauge("tocsin_sessions", "Open subscriptions, by lane", ["lane"])
DELIVERIES = Counter("tocsin_deliveries_total", "Deliveries sent, by lane and whether marked as repeats", ["lane", "repeat"])
ACKS = Counter("tocsin_acks_total", "Acks, by result", ["result"])
ALARMS = Counter("tocsin_alarms_total", "States that want a human", ["alarm"])
