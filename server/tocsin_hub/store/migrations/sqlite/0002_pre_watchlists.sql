-- Projections of watchlists: epochs, tokens with their ends, how much each party asked, and notices that may be answered.
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

-- Tokens of one epoch lie together; details stay in the message that holds the entry.
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

CREATE TABLE watch_use (
  party TEXT PRIMARY KEY,
  minute INTEGER NOT NULL,
  minute_tokens INTEGER NOT NULL,
  day INTEGER NOT NULL,
  day_tokens INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  notice_id BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  lane INTEGER NOT NULL,
  log_index INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
