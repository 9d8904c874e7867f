-- The books. Every table of a company starts its key with the company; the hot row of a bill is
-- narrow and clustered by contract, a contract is found by its code alone; keys of payments and
-- entries grow with time.

CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  keys_fingerprint BLOB NOT NULL CHECK (length(keys_fingerprint) = 32)
) STRICT;

CREATE TABLE company (
  company_id INTEGER PRIMARY KEY CHECK (company_id > 0),
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  policy TEXT NOT NULL
) STRICT;

CREATE TABLE counter (
  company_id INTEGER PRIMARY KEY REFERENCES company,
  next_payment INTEGER NOT NULL CHECK (next_payment > 0),
  next_member INTEGER NOT NULL CHECK (next_member > 0),
  next_contract INTEGER NOT NULL CHECK (next_contract > 0),
  next_file INTEGER NOT NULL CHECK (next_file > 0),
  next_entry INTEGER NOT NULL CHECK (next_entry > 0),
  chain BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;

CREATE TABLE collector (
  collector_id INTEGER PRIMARY KEY CHECK (collector_id > 0),
  company_id INTEGER NOT NULL REFERENCES company,
  name TEXT NOT NULL,
  login TEXT NOT NULL,
  code_digest BLOB NOT NULL UNIQUE CHECK (length(code_digest) = 32),
  secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
  can_list INTEGER NOT NULL CHECK (can_list IN (0, 1)),
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  UNIQUE (company_id, name)
) STRICT;

CREATE TABLE token (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  collector_id INTEGER NOT NULL REFERENCES collector,
  expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_collector ON token (collector_id, expires_at_us);

CREATE TABLE imported_file (
  company_id INTEGER NOT NULL REFERENCES company,
  file_id INTEGER NOT NULL CHECK (file_id > 0),
  kind TEXT NOT NULL CHECK (kind IN ('members', 'bills')),
  name TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  lines INTEGER NOT NULL CHECK (lines >= 0),
  imported_by TEXT NOT NULL,
  PRIMARY KEY (company_id, file_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  company_id INTEGER NOT NULL REFERENCES company,
  member_id INTEGER NOT NULL CHECK (member_id > 0),
  is_assigned INTEGER NOT NULL CHECK (is_assigned IN (0, 1)),
  name TEXT NOT NULL,
  document_kind TEXT,
  document_number TEXT,
  tax_id TEXT,
  location INTEGER,
  email TEXT,
  phone TEXT,
  PRIMARY KEY (company_id, member_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE contract (
  company_id INTEGER NOT NULL,
  contract_key INTEGER NOT NULL CHECK (contract_key > 0),
  code TEXT NOT NULL,
  member_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'cut', 'blocked', 'ended')),
  address TEXT,
  supply_point INTEGER,
  PRIMARY KEY (company_id, code),
  UNIQUE (company_id, contract_key),
  FOREIGN KEY (company_id, member_id) REFERENCES member
) STRICT, WITHOUT ROWID;

-- The law: paid_by is set only where it is NULL. An annulled bill, or one paid elsewhere, has none.
CREATE TABLE bill (
  company_id INTEGER NOT NULL,
  contract_key INTEGER NOT NULL,
  bill_id INTEGER NOT NULL CHECK (bill_id > 0),
  period INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state IN ('owed', 'annulled', 'paid-elsewhere')),
  version INTEGER NOT NULL CHECK (version > 0),
  paid_by INTEGER CHECK (paid_by IS NULL OR state = 'owed'),
  last_payment INTEGER CHECK (paid_by IS NULL OR paid_by = last_payment),
  PRIMARY KEY (company_id, contract_key, bill_id),
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX bill_by_number ON bill (company_id, bill_id);

CREATE TABLE bill_version (
  company_id INTEGER NOT NULL,
  contract_key INTEGER NOT NULL,
  bill_id INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  period INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state IN ('owed', 'annulled', 'paid-elsewhere')),
  printed TEXT,
  revenue TEXT,
  replaced_by INTEGER CHECK (replaced_by IS NULL OR state = 'annulled'),
  file_id INTEGER NOT NULL,
  line INTEGER NOT NULL,
  PRIMARY KEY (company_id, contract_key, bill_id, version),
  FOREIGN KEY (company_id, contract_key, bill_id) REFERENCES bill,
  FOREIGN KEY (company_id, file_id) REFERENCES imported_file
) STRICT, WITHOUT ROWID;

-- No foreign key names the bill's version: the law's UPDATE, in the same transaction, finds the bill in
-- that version or nothing is kept, and a look into another table would cost every payment a cold page.
CREATE TABLE payment (
  company_id INTEGER NOT NULL,
  payment_id INTEGER NOT NULL CHECK (payment_id > 0),
  collector_id INTEGER NOT NULL REFERENCES collector,
  contract_key INTEGER NOT NULL,
  contract_code TEXT NOT NULL,
  member_name TEXT NOT NULL,
  bill_id INTEGER NOT NULL,
  bill_version INTEGER NOT NULL,
  period INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  recorded_at_us INTEGER NOT NULL,
  business_day TEXT NOT NULL,
  caller_reference TEXT,
  caller_key TEXT,
  branch TEXT,
  cashier TEXT,
  terminal TEXT,
  means TEXT,
  collected_at TEXT,
  previous INTEGER,
  PRIMARY KEY (company_id, payment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_by_day ON payment (company_id, collector_id, business_day, payment_id);

CREATE TABLE reversal (
  company_id INTEGER NOT NULL,
  payment_id INTEGER NOT NULL,
  collector_id INTEGER NOT NULL REFERENCES collector,
  contract_key INTEGER NOT NULL,
  bill_id INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  recorded_at_us INTEGER NOT NULL,
  business_day TEXT NOT NULL,
  reason TEXT,
  caller_key TEXT,
  PRIMARY KEY (company_id, payment_id),
  FOREIGN KEY (company_id, payment_id) REFERENCES payment
) STRICT, WITHOUT ROWID;
CREATE INDEX reversal_by_day ON reversal (company_id, collector_id, business_day, payment_id);

-- A collector's names for its attempts. Only a success uses a name up, and it never expires. Each is
-- written with its payment or reversal, whose keys are checked there.
CREATE TABLE caller_key (
  company_id INTEGER NOT NULL,
  collector_id INTEGER NOT NULL,
  operation TEXT NOT NULL CHECK (operation IN ('pay', 'reverse')),
  caller_key TEXT NOT NULL,
  payment_id INTEGER NOT NULL,
  PRIMARY KEY (company_id, collector_id, operation, caller_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE balance (
  company_id INTEGER NOT NULL REFERENCES company,
  account TEXT NOT NULL,
  balance_minor INTEGER NOT NULL,
  PRIMARY KEY (company_id, account)
) STRICT, WITHOUT ROWID;

-- Row 0 of an entry holds the act and the chain's link; further rows hold further postings.
CREATE TABLE journal (
  company_id INTEGER NOT NULL REFERENCES company,
  entry_number INTEGER NOT NULL CHECK (entry_number > 0),
  row_number INTEGER NOT NULL CHECK (row_number >= 0),
  recorded_at_us INTEGER,
  kind TEXT,
  payload TEXT,
  chain BLOB,
  debit TEXT,
  credit TEXT,
  amount_minor INTEGER,
  PRIMARY KEY (company_id, entry_number, row_number),
  CHECK ((row_number = 0) = (recorded_at_us IS NOT NULL)),
  CHECK ((row_number = 0) = (kind IS NOT NULL)),
  CHECK ((row_number = 0) = (payload IS NOT NULL)),
  CHECK ((row_number = 0) = (chain IS NOT NULL AND length(chain) = 32)),
  CHECK ((debit IS NULL) = (credit IS NULL) AND (debit IS NULL) = (amount_minor IS NULL)),
  CHECK (row_number = 0 OR debit IS NOT NULL),
  CHECK (debit IS NULL OR (debit <> credit AND amount_minor > 0))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
