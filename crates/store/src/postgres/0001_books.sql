-- The books, as SQLite keeps them at version 8, for engines that speak PostgreSQL. Every key of a company's
-- table starts with the company. There are no sequences, triggers or functions, and no type but BIGINT, TEXT
-- and BYTEA; what is true or false is 1 or 0. Keys of hot tables name no other table: their rows are written
-- together with what they name, in one transaction.

CREATE TABLE installation (
  one BIGINT NOT NULL CHECK (one = 1),
  keys_fingerprint BYTEA NOT NULL CHECK (length(keys_fingerprint) = 32),
  -- How many processes have opened the store: each has a number of its own.
  processes BIGINT NOT NULL CHECK (processes >= 0),
  PRIMARY KEY (one)
);

CREATE TABLE company (
  company_id BIGINT NOT NULL CHECK (company_id > 0),
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  policy TEXT NOT NULL,
  issuer BIGINT NOT NULL DEFAULT 0 CHECK (issuer >= 0),
  PRIMARY KEY (company_id)
);

-- next_payment is the first id that no process has taken.
CREATE TABLE counter (
  company_id BIGINT NOT NULL,
  next_payment BIGINT NOT NULL CHECK (next_payment > 0),
  next_member BIGINT NOT NULL CHECK (next_member > 0),
  next_contract BIGINT NOT NULL CHECK (next_contract > 0),
  next_file BIGINT NOT NULL CHECK (next_file > 0),
  next_entry BIGINT NOT NULL CHECK (next_entry > 0),
  chain BYTEA NOT NULL CHECK (length(chain) = 32),
  next_event BIGINT NOT NULL DEFAULT 1 CHECK (next_event > 0),
  next_supplier BIGINT NOT NULL DEFAULT 1 CHECK (next_supplier > 0),
  next_invoice BIGINT NOT NULL DEFAULT 1 CHECK (next_invoice > 0),
  next_payout BIGINT NOT NULL DEFAULT 1 CHECK (next_payout > 0),
  payable_entries BIGINT NOT NULL DEFAULT 0 CHECK (payable_entries >= 0),
  PRIMARY KEY (company_id)
);

-- Whose collector it is says company_id; no key names the company: one place keeps all who sign in, whatever
-- the place of their company.
CREATE TABLE collector (
  collector_id BIGINT NOT NULL CHECK (collector_id > 0),
  company_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  login TEXT NOT NULL,
  code_digest BYTEA NOT NULL CHECK (length(code_digest) = 32),
  secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32),
  can_list BIGINT NOT NULL CHECK (can_list = 0 OR can_list = 1),
  is_active BIGINT NOT NULL CHECK (is_active = 0 OR is_active = 1),
  previous_secret_digest BYTEA
    CHECK (previous_secret_digest IS NULL OR length(previous_secret_digest) = 32),
  previous_until_us BIGINT,
  PRIMARY KEY (collector_id),
  UNIQUE (code_digest),
  UNIQUE (company_id, name),
  CHECK ((previous_until_us IS NULL) = (previous_secret_digest IS NULL))
);

CREATE TABLE token (
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  collector_id BIGINT NOT NULL,
  expires_at_us BIGINT NOT NULL,
  issued_at_us BIGINT,
  PRIMARY KEY (digest)
);
CREATE INDEX token_by_collector ON token (collector_id, expires_at_us);

CREATE TABLE integrator (
  integrator_id BIGINT NOT NULL CHECK (integrator_id > 0),
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  is_active BIGINT NOT NULL CHECK (is_active = 0 OR is_active = 1),
  PRIMARY KEY (integrator_id),
  UNIQUE (name)
);

CREATE TABLE app_user (
  user_id BIGINT NOT NULL CHECK (user_id > 0),
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  is_active BIGINT NOT NULL CHECK (is_active = 0 OR is_active = 1),
  PRIMARY KEY (user_id),
  UNIQUE (name)
);

CREATE TABLE user_right (
  user_id BIGINT NOT NULL,
  company_id BIGINT NOT NULL,
  role TEXT NOT NULL CHECK (role = 'reader' OR role = 'accountant' OR role = 'administrator'),
  PRIMARY KEY (user_id, company_id)
);

CREATE TABLE user_session (
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  user_id BIGINT NOT NULL,
  renewed_at_us BIGINT NOT NULL,
  is_permanent BIGINT NOT NULL CHECK (is_permanent = 0 OR is_permanent = 1),
  PRIMARY KEY (digest)
);
CREATE INDEX user_session_by_user ON user_session (user_id, renewed_at_us);

-- How often the identity tables have changed. The path is SQLite's alone.
CREATE TABLE mirror (
  one BIGINT NOT NULL CHECK (one = 1),
  path TEXT CHECK (path IS NULL),
  identities_version BIGINT NOT NULL CHECK (identities_version >= 0),
  PRIMARY KEY (one)
);
INSERT INTO mirror (one, path, identities_version) VALUES (1, NULL, 0)
  ON CONFLICT (one) DO NOTHING;

CREATE TABLE imported_file (
  company_id BIGINT NOT NULL,
  file_id BIGINT NOT NULL CHECK (file_id > 0),
  entry_number BIGINT NOT NULL CHECK (entry_number > 0),
  kind TEXT NOT NULL CHECK (kind = 'members' OR kind = 'bills'),
  name TEXT NOT NULL,
  sha256 BYTEA NOT NULL CHECK (length(sha256) = 32),
  lines BIGINT NOT NULL CHECK (lines >= 0),
  imported_by TEXT NOT NULL,
  totals TEXT,
  PRIMARY KEY (company_id, file_id)
);

CREATE TABLE issuer (
  company_id BIGINT NOT NULL,
  number BIGINT NOT NULL CHECK (number > 0),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, number)
);

CREATE TABLE member (
  company_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL CHECK (member_id > 0),
  is_assigned BIGINT NOT NULL CHECK (is_assigned = 0 OR is_assigned = 1),
  name TEXT NOT NULL,
  document_kind TEXT,
  document_number TEXT,
  tax_id TEXT,
  location BIGINT,
  email TEXT,
  phone TEXT,
  PRIMARY KEY (company_id, member_id)
);

CREATE TABLE contract (
  company_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL CHECK (contract_key > 0),
  code TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  state TEXT NOT NULL
    CHECK (state = 'active' OR state = 'cut' OR state = 'blocked' OR state = 'ended'),
  address TEXT,
  supply_point BIGINT,
  PRIMARY KEY (company_id, contract_key),
  UNIQUE (company_id, code)
);

CREATE TABLE former_code (
  company_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  contract_key BIGINT NOT NULL,
  PRIMARY KEY (company_id, code, contract_key)
);

CREATE TABLE former_member (
  company_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  until_entry BIGINT NOT NULL CHECK (until_entry > 0),
  is_assigned BIGINT NOT NULL CHECK (is_assigned = 0 OR is_assigned = 1),
  name TEXT NOT NULL,
  document_kind TEXT,
  document_number TEXT,
  tax_id TEXT,
  location BIGINT,
  email TEXT,
  phone TEXT,
  PRIMARY KEY (company_id, member_id, until_entry)
);

CREATE TABLE former_contract (
  company_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL,
  until_entry BIGINT NOT NULL CHECK (until_entry > 0),
  code TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  state TEXT NOT NULL
    CHECK (state = 'active' OR state = 'cut' OR state = 'blocked' OR state = 'ended'),
  address TEXT,
  supply_point BIGINT,
  PRIMARY KEY (company_id, contract_key, until_entry)
);

-- The law: paid_by is set only where it is NULL. An annulled bill, or one paid elsewhere, has none.
CREATE TABLE bill (
  company_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL,
  bill_id BIGINT NOT NULL CHECK (bill_id > 0),
  period BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state = 'owed' OR state = 'annulled' OR state = 'paid-elsewhere'),
  version BIGINT NOT NULL CHECK (version > 0),
  paid_by BIGINT CHECK (paid_by IS NULL OR state = 'owed'),
  last_payment BIGINT CHECK (paid_by IS NULL OR paid_by = last_payment),
  PRIMARY KEY (company_id, contract_key, bill_id)
);

CREATE TABLE bill_version (
  company_id BIGINT NOT NULL,
  bill_id BIGINT NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0),
  contract_key BIGINT NOT NULL,
  period BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state = 'owed' OR state = 'annulled' OR state = 'paid-elsewhere'),
  printed TEXT,
  revenue TEXT,
  replaced_by BIGINT CHECK (replaced_by IS NULL OR state = 'annulled'),
  file_id BIGINT NOT NULL,
  line BIGINT NOT NULL,
  PRIMARY KEY (company_id, bill_id, version)
);

CREATE TABLE payment (
  company_id BIGINT NOT NULL,
  payment_id BIGINT NOT NULL CHECK (payment_id > 0),
  collector_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL,
  contract_code TEXT NOT NULL,
  member_name TEXT NOT NULL,
  bill_id BIGINT NOT NULL,
  bill_version BIGINT NOT NULL,
  period BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  recorded_at_us BIGINT NOT NULL,
  business_day TEXT NOT NULL,
  caller_reference TEXT,
  caller_key TEXT,
  branch TEXT,
  cashier TEXT,
  terminal TEXT,
  means TEXT,
  collected_at TEXT,
  previous BIGINT,
  issuer BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (company_id, payment_id)
);
CREATE INDEX payment_by_day ON payment (company_id, collector_id, business_day, payment_id);

CREATE TABLE reversal (
  company_id BIGINT NOT NULL,
  payment_id BIGINT NOT NULL,
  collector_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL,
  bill_id BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  recorded_at_us BIGINT NOT NULL,
  business_day TEXT NOT NULL,
  reason TEXT,
  caller_key TEXT,
  PRIMARY KEY (company_id, payment_id)
);
CREATE INDEX reversal_by_day ON reversal (company_id, collector_id, business_day, payment_id);

CREATE TABLE caller_key (
  company_id BIGINT NOT NULL,
  collector_id BIGINT NOT NULL,
  operation TEXT NOT NULL CHECK (operation = 'pay' OR operation = 'reverse'),
  caller_key TEXT NOT NULL,
  payment_id BIGINT NOT NULL,
  PRIMARY KEY (company_id, collector_id, operation, caller_key)
);

-- Payments and reversals that have no place in the journal yet; of those that one process wrote, place is
-- their order.
CREATE TABLE unsealed (
  company_id BIGINT NOT NULL,
  payment_id BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind = 'payment-made' OR kind = 'payment-reversed'),
  recorded_at_us BIGINT NOT NULL,
  place BIGINT NOT NULL,
  PRIMARY KEY (company_id, payment_id, kind)
);

CREATE TABLE balance (
  company_id BIGINT NOT NULL,
  account TEXT NOT NULL,
  balance_minor BIGINT NOT NULL,
  PRIMARY KEY (company_id, account)
);

-- Row 0 of an entry holds the act and the chain's link; further rows hold further postings. Whoever serves
-- has no right to update or delete.
CREATE TABLE journal (
  company_id BIGINT NOT NULL,
  entry_number BIGINT NOT NULL CHECK (entry_number > 0),
  row_number BIGINT NOT NULL CHECK (row_number >= 0),
  recorded_at_us BIGINT,
  kind TEXT,
  payload TEXT,
  chain BYTEA,
  debit TEXT,
  credit TEXT,
  amount_minor BIGINT,
  PRIMARY KEY (company_id, entry_number, row_number),
  CHECK ((row_number = 0) = (recorded_at_us IS NOT NULL)),
  CHECK ((row_number = 0) = (kind IS NOT NULL)),
  CHECK ((row_number = 0) = (payload IS NOT NULL)),
  CHECK ((row_number = 0) = (chain IS NOT NULL AND length(chain) = 32)),
  CHECK ((debit IS NULL) = (credit IS NULL) AND (debit IS NULL) = (amount_minor IS NULL)),
  CHECK (row_number = 0 OR debit IS NOT NULL),
  CHECK (debit IS NULL OR (debit <> credit AND amount_minor > 0))
);

CREATE TABLE collection_event (
  company_id BIGINT NOT NULL,
  event_number BIGINT NOT NULL CHECK (event_number > 0),
  entry_number BIGINT NOT NULL CHECK (entry_number > 0),
  PRIMARY KEY (company_id, event_number)
);

CREATE TABLE supplier (
  company_id BIGINT NOT NULL,
  supplier_id BIGINT NOT NULL CHECK (supplier_id > 0),
  tax_id TEXT,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, supplier_id),
  UNIQUE (company_id, tax_id)
);

-- The law: what payouts have settled of an invoice is never less than nothing nor more than its total.
CREATE TABLE purchase_invoice (
  company_id BIGINT NOT NULL,
  invoice_id BIGINT NOT NULL CHECK (invoice_id > 0),
  supplier_id BIGINT NOT NULL,
  letter TEXT NOT NULL DEFAULT '',
  point BIGINT NOT NULL CHECK (point >= 0),
  serial BIGINT NOT NULL CHECK (serial > 0),
  total_minor BIGINT NOT NULL CHECK (total_minor > 0),
  applied_minor BIGINT NOT NULL DEFAULT 0
    CHECK (applied_minor >= 0 AND applied_minor <= total_minor),
  PRIMARY KEY (company_id, invoice_id),
  UNIQUE (company_id, supplier_id, letter, point, serial)
);

CREATE TABLE invoice_record (
  company_id BIGINT NOT NULL,
  invoice_id BIGINT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, invoice_id)
);

CREATE TABLE payout (
  company_id BIGINT NOT NULL,
  payout_id BIGINT NOT NULL CHECK (payout_id > 0),
  supplier_id BIGINT NOT NULL,
  point BIGINT NOT NULL CHECK (point >= 0),
  serial BIGINT NOT NULL CHECK (serial > 0),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, payout_id),
  UNIQUE (company_id, point, serial)
);

CREATE TABLE payout_application (
  company_id BIGINT NOT NULL,
  payout_id BIGINT NOT NULL,
  invoice_id BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (company_id, payout_id, invoice_id)
);
CREATE INDEX payout_application_by_invoice
  ON payout_application (company_id, invoice_id, payout_id);

CREATE TABLE payout_key (
  company_id BIGINT NOT NULL,
  integrator_id BIGINT NOT NULL,
  caller_key TEXT NOT NULL,
  payout_id BIGINT NOT NULL,
  PRIMARY KEY (company_id, integrator_id, caller_key)
);

CREATE TABLE payout_reversal (
  company_id BIGINT NOT NULL,
  payout_id BIGINT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, payout_id)
);

-- Company 0 is none: acts that belong to no company.
CREATE TABLE trail (
  company_id BIGINT NOT NULL CHECK (company_id >= 0),
  number BIGINT NOT NULL CHECK (number > 0),
  recorded_at_us BIGINT NOT NULL,
  body TEXT NOT NULL CHECK (body <> ''),
  chain BYTEA NOT NULL CHECK (length(chain) = 32),
  PRIMARY KEY (company_id, number)
);

CREATE TABLE trail_head (
  company_id BIGINT NOT NULL CHECK (company_id >= 0),
  number BIGINT NOT NULL CHECK (number > 0),
  chain BYTEA NOT NULL CHECK (length(chain) = 32),
  PRIMARY KEY (company_id)
);

-- Of each slot that writes, its last transaction that committed; company 0 of those that have none.
CREATE TABLE commit_mark (
  company_id BIGINT NOT NULL CHECK (company_id >= 0),
  writer_id BIGINT NOT NULL CHECK (writer_id >= 0),
  seq BIGINT NOT NULL CHECK (seq >= 0),
  PRIMARY KEY (company_id, writer_id)
);

-- Which process seals a company, and until when by the database's clock.
CREATE TABLE sealer_lease (
  company_id BIGINT NOT NULL,
  holder BIGINT NOT NULL,
  until_us BIGINT NOT NULL,
  PRIMARY KEY (company_id)
);

-- Last, so that no table is filled under them before it stands.
ALTER TABLE contract ADD CONSTRAINT contract_has_a_member
  FOREIGN KEY (company_id, member_id) REFERENCES member (company_id, member_id);
ALTER TABLE bill ADD CONSTRAINT bill_has_a_contract
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key);
ALTER TABLE purchase_invoice ADD CONSTRAINT purchase_invoice_has_a_supplier
  FOREIGN KEY (company_id, supplier_id) REFERENCES supplier (company_id, supplier_id);
ALTER TABLE payout ADD CONSTRAINT payout_has_a_supplier
  FOREIGN KEY (company_id, supplier_id) REFERENCES supplier (company_id, supplier_id);
ALTER TABLE token ADD CONSTRAINT token_has_a_collector
  FOREIGN KEY (collector_id) REFERENCES collector (collector_id);
ALTER TABLE user_right ADD CONSTRAINT user_right_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE user_session ADD CONSTRAINT user_session_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
