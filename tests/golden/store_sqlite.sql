CREATE TABLE attempt (
  party TEXT NOT NULL,
  lane INTEGER NOT NULL,
  subscription TEXT NOT NULL,
  seq INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  state TEXT NOT NULL,
  not_before_us INTEGER NOT NULL,
  reason TEXT NOT NULL,
  changed_us INTEGER NOT NULL,
  PRIMARY KEY (party, lane, subscription, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_dead ON attempt (party, lane, seq) WHERE state = 'dead';

CREATE TABLE batch (
  tree_size INTEGER PRIMARY KEY,
  first_index INTEGER NOT NULL,
  checkpoint BLOB NOT NULL
) STRICT;

CREATE TABLE cursor (
  party TEXT NOT NULL,
  lane INTEGER NOT NULL,
  subscription TEXT NOT NULL,
  acked_through INTEGER NOT NULL,
  PRIMARY KEY (party, lane, subscription)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory (
  version INTEGER PRIMARY KEY,
  log_index INTEGER NOT NULL,
  head BLOB NOT NULL
) STRICT;

CREATE TABLE entry (
  party TEXT NOT NULL,
  lane INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  log_index INTEGER NOT NULL,
  root_id BLOB NOT NULL,
  urgent_exempt INTEGER NOT NULL,
  why INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  PRIMARY KEY (party, lane, seq),
  UNIQUE (log_index, party, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  log_size INTEGER NOT NULL,
  accepted_us INTEGER NOT NULL,
  directory_version INTEGER NOT NULL,
  directory_head BLOB NOT NULL,
  epoch INTEGER NOT NULL
) STRICT;

CREATE TABLE mailbox (
  party TEXT NOT NULL,
  lane INTEGER NOT NULL,
  head INTEGER NOT NULL,
  PRIMARY KEY (party, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  log_index INTEGER PRIMARY KEY,
  message_id BLOB NOT NULL UNIQUE,
  sender TEXT NOT NULL,
  message_hash BLOB NOT NULL,
  kind TEXT NOT NULL,
  root_id BLOB NOT NULL,
  body BLOB NOT NULL,
  salt BLOB NOT NULL,
  accepted_us INTEGER NOT NULL,
  batch_size INTEGER NOT NULL,
  directory_version INTEGER NOT NULL,
  policy_version INTEGER NOT NULL,
  profile_version INTEGER NOT NULL
) STRICT;

CREATE INDEX message_root ON message (root_id, log_index);

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE node (
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  notice_id BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  lane INTEGER NOT NULL,
  log_index INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  order_id BLOB PRIMARY KEY,
  root_id BLOB NOT NULL,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  log_index INTEGER NOT NULL,
  accepted_us INTEGER NOT NULL,
  state TEXT NOT NULL,
  decided_us INTEGER NOT NULL,
  exercise INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_recipient ON orders (recipient, log_index);

CREATE INDEX orders_sender ON orders (sender, log_index);

CREATE TABLE schema_migration (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, applied_us INTEGER NOT NULL
) STRICT;

CREATE TABLE subject (
  subject BLOB PRIMARY KEY,
  terms_used INTEGER NOT NULL,
  terms_pending INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE thread (
  root_id BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  origin TEXT NOT NULL,
  recipient TEXT NOT NULL,
  lane INTEGER NOT NULL,
  subject BLOB NOT NULL,
  profile TEXT NOT NULL,
  exercise INTEGER NOT NULL,
  state TEXT NOT NULL,
  terms INTEGER NOT NULL,
  applied_us INTEGER NOT NULL,
  ends_us INTEGER NOT NULL,
  instrument TEXT NOT NULL,
  updated_index INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE timer (
  order_id BLOB NOT NULL,
  root_id BLOB NOT NULL,
  deadline INTEGER NOT NULL,
  due_us INTEGER NOT NULL,
  party TEXT NOT NULL,
  PRIMARY KEY (order_id, deadline)
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_due ON timer (due_us, order_id, deadline);

CREATE TABLE watch_entry (
  opened_index INTEGER NOT NULL,
  token BLOB NOT NULL,
  entry_no INTEGER NOT NULL,
  ends_us INTEGER NOT NULL,
  log_index INTEGER NOT NULL,
  position INTEGER NOT NULL,
  withdrawn_index INTEGER NOT NULL,
  PRIMARY KEY (opened_index, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE watch_list (
  list_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  owner TEXT NOT NULL,
  opened_index INTEGER NOT NULL,
  checkers TEXT NOT NULL,
  valid_until_us INTEGER NOT NULL,
  key_check BLOB NOT NULL,
  live_index INTEGER NOT NULL,
  PRIMARY KEY (list_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE watch_use (
  party TEXT PRIMARY KEY,
  minute INTEGER NOT NULL,
  minute_tokens INTEGER NOT NULL,
  day INTEGER NOT NULL,
  day_tokens INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

