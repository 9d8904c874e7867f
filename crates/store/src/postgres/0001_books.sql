-- The books, as SQLite has them at its version 8, in what PostgreSQL and the engines that speak its
-- language have in common. Every key of a company's table starts with the company. The text of each
-- statement ends at its semicolon; comments are lines of their own.

CREATE TABLE installation (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  keys_fingerprint BYTEA NOT NULL CHECK (length(keys_fingerprint) = 32),
  -- How often the store was opened: the number of each process that has it open.
  processes BIGINT NOT NULL CHECK (processes >= 0)
);

CREATE TABLE company (
  company_id BIGINT PRIMARY KEY CHECK (company_id > 0),
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  policy TEXT NOT NULL,
  issuer BIGINT NOT NULL DEFAULT 0 CHECK (issuer >= 0)
);

CREATE TABLE counter (
  company_id BIGINT PRIMARY KEY,
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
  payable_entries BIGINT NOT NULL DEFAULT 0 CHECK (payable_entries >= 0)
);

-- Who signs in: identity tables, by their own ids. No foreign key leads from them into a company, whose
-- rows may be on other machines.

CREATE TABLE collector (
  collector_id BIGINT PRIMARY KEY CHECK (collector_id > 0),
  company_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  login TEXT NOT NULL,
  code_digest BYTEA NOT NULL UNIQUE CHECK (length(code_digest) = 32),
  secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32),
  can_list BIGINT NOT NULL CHECK (can_list IN (0, 1)),
  is_active BIGINT NOT NULL CHECK (is_active IN (0, 1)),
  previous_secret_digest BYTEA
    CHECK (previous_secret_digest IS NULL OR length(previous_secret_digest) = 32),
  previous_until_us BIGINT,
  CHECK ((previous_until_us IS NULL) = (previous_secret_digest IS NULL)),
  UNIQUE (company_id, name)
);

CREATE TABLE token (
  digest BYTEA PRIMARY KEY CHECK (length(digest) = 32),
  collector_id BIGINT NOT NULL,
  expires_at_us BIGINT NOT NULL,
  issued_at_us BIGINT
);
CREATE INDEX token_by_collector ON token (collector_id, expires_at_us);

CREATE TABLE integrator (
  integrator_id BIGINT PRIMARY KEY CHECK (integrator_id > 0),
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  is_active BIGINT NOT NULL CHECK (is_active IN (0, 1))
);

CREATE TABLE app_user (
  user_id BIGINT PRIMARY KEY CHECK (user_id > 0),
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  is_active BIGINT NOT NULL CHECK (is_active IN (0, 1))
);

CREATE TABLE user_right (
  user_id BIGINT NOT NULL,
  company_id BIGINT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('reader', 'accountant', 'administrator')),
  PRIMARY KEY (user_id, company_id)
);

CREATE TABLE user_session (
  digest BYTEA PRIMARY KEY CHECK (length(digest) = 32),
  user_id BIGINT NOT NULL,
  renewed_at_us BIGINT NOT NULL,
  is_permanent BIGINT NOT NULL CHECK (is_permanent IN (0, 1))
);
CREATE INDEX user_session_by_user ON user_session (user_id, renewed_at_us);

-- A database has no mirror: the row tells how often the identity tables have changed.
CREATE TABLE mirror (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  path TEXT,
  identities_version BIGINT NOT NULL CHECK (identities_version >= 0)
);
INSERT INTO mirror (one, path, identities_version) VALUES (1, NULL, 0) ON CONFLICT (one) DO NOTHING;

-- Members and what they owe.

CREATE TABLE issuer (
  company_id BIGINT NOT NULL,
  number BIGINT NOT NULL CHECK (number > 0),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, number)
);

CREATE TABLE imported_file (
  company_id BIGINT NOT NULL,
  file_id BIGINT NOT NULL CHECK (file_id > 0),
  entry_number BIGINT NOT NULL CHECK (entry_number > 0),
  kind TEXT NOT NULL CHECK (kind IN ('members', 'bills')),
  name TEXT NOT NULL,
  sha256 BYTEA NOT NULL CHECK (length(sha256) = 32),
  lines BIGINT NOT NULL CHECK (lines >= 0),
  imported_by TEXT NOT NULL,
  totals TEXT,
  PRIMARY KEY (company_id, file_id)
);

CREATE TABLE member (
  company_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL CHECK (member_id > 0),
  is_assigned BIGINT NOT NULL CHECK (is_assigned IN (0, 1)),
  name TEXT NOT NULL,
  document_kind TEXT,
  document_number TEXT,
  tax_id TEXT,
  location BIGINT,
  email TEXT,
  phone TEXT,
  PRIMARY KEY (company_id, member_id)
);

CREATE TABLE former_member (
  company_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  until_entry BIGINT NOT NULL CHECK (until_entry > 0),
  is_assigned BIGINT NOT NULL CHECK (is_assigned IN (0, 1)),
  name TEXT NOT NULL,
  document_kind TEXT,
  document_number TEXT,
  tax_id TEXT,
  location BIGINT,
  email TEXT,
  phone TEXT,
  PRIMARY KEY (company_id, member_id, until_entry)
);

CREATE TABLE contract (
  company_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL CHECK (contract_key > 0),
  code TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'cut', 'blocked', 'ended')),
  address TEXT,
  supply_point BIGINT,
  PRIMARY KEY (company_id, code),
  UNIQUE (company_id, contract_key)
);

CREATE TABLE former_contract (
  company_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL,
  until_entry BIGINT NOT NULL CHECK (until_entry > 0),
  code TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'cut', 'blocked', 'ended')),
  address TEXT,
  supply_point BIGINT,
  PRIMARY KEY (company_id, contract_key, until_entry)
);

CREATE TABLE former_code (
  company_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  contract_key BIGINT NOT NULL,
  PRIMARY KEY (company_id, code, contract_key)
);

-- The law: paid_by is set only where it is NULL. An annulled bill, or one paid elsewhere, has none. What
-- payments change is in no index, so that a change stays on its page.
CREATE TABLE bill (
  company_id BIGINT NOT NULL,
  contract_key BIGINT NOT NULL,
  bill_id BIGINT NOT NULL CHECK (bill_id > 0),
  period BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL CHECK (state IN ('owed', 'annulled', 'paid-elsewhere')),
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
  state TEXT NOT NULL CHECK (state IN ('owed', 'annulled', 'paid-elsewhere')),
  printed TEXT,
  revenue TEXT,
  replaced_by BIGINT CHECK (replaced_by IS NULL OR state = 'annulled'),
  file_id BIGINT NOT NULL,
  line BIGINT NOT NULL,
  PRIMARY KEY (company_id, bill_id, version)
);

-- What was paid. These tables have no foreign keys: a row that one names would be locked by every payment.

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
  operation TEXT NOT NULL CHECK (operation IN ('pay', 'reverse')),
  caller_key TEXT NOT NULL,
  payment_id BIGINT NOT NULL,
  PRIMARY KEY (company_id, collector_id, operation, caller_key)
);

-- Payments and reversals that are kept and have no place in the journal yet.
CREATE TABLE unsealed (
  company_id BIGINT NOT NULL,
  payment_id BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('payment-made', 'payment-reversed')),
  recorded_at_us BIGINT NOT NULL,
  PRIMARY KEY (company_id, payment_id, kind)
);

-- Row 0 of an entry holds the act and the chain's link; further rows hold further postings.
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

CREATE TABLE balance (
  company_id BIGINT NOT NULL,
  account TEXT NOT NULL,
  balance_minor BIGINT NOT NULL,
  PRIMARY KEY (company_id, account)
);

-- Suppliers and what they are owed.

CREATE TABLE supplier (
  company_id BIGINT NOT NULL,
  supplier_id BIGINT NOT NULL CHECK (supplier_id > 0),
  tax_id TEXT,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, supplier_id)
);
CREATE UNIQUE INDEX supplier_by_tax_id ON supplier (company_id, tax_id);

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
  PRIMARY KEY (company_id, invoice_id)
);
CREATE UNIQUE INDEX purchase_invoice_by_number
  ON purchase_invoice (company_id, supplier_id, letter, point, serial);

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
  PRIMARY KEY (company_id, payout_id)
);
CREATE UNIQUE INDEX payout_by_number ON payout (company_id, point, serial);

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

-- The trail, of company 0 where an act belongs to none.

CREATE TABLE trail (
  company_id BIGINT NOT NULL CHECK (company_id >= 0),
  number BIGINT NOT NULL CHECK (number > 0),
  recorded_at_us BIGINT NOT NULL,
  body TEXT NOT NULL CHECK (body <> ''),
  chain BYTEA NOT NULL CHECK (length(chain) = 32),
  PRIMARY KEY (company_id, number)
);

CREATE TABLE trail_head (
  company_id BIGINT PRIMARY KEY CHECK (company_id >= 0),
  number BIGINT NOT NULL CHECK (number > 0),
  chain BYTEA NOT NULL CHECK (length(chain) = 32)
);

-- What servers side by side know of each other.

-- The number of the last transaction that a writer has committed; company 0 is none.
CREATE TABLE commit_mark (
  company_id BIGINT NOT NULL CHECK (company_id >= 0),
  writer_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (company_id, writer_id)
);

-- Which process seals a company's entries, and until when no other does.
CREATE TABLE sealer_lease (
  company_id BIGINT PRIMARY KEY,
  holder BIGINT NOT NULL,
  until_us BIGINT NOT NULL
);

-- What must be there for a row: within a company, and only where those who write have the company for
-- themselves. The keys come last, as engines that spread tables want it.

ALTER TABLE counter ADD CONSTRAINT counter_of_company
  FOREIGN KEY (company_id) REFERENCES company (company_id);
ALTER TABLE issuer ADD CONSTRAINT issuer_of_company
  FOREIGN KEY (company_id) REFERENCES company (company_id);
ALTER TABLE imported_file ADD CONSTRAINT imported_file_of_company
  FOREIGN KEY (company_id) REFERENCES company (company_id);
ALTER TABLE member ADD CONSTRAINT member_of_company
  FOREIGN KEY (company_id) REFERENCES company (company_id);
ALTER TABLE contract ADD CONSTRAINT contract_of_member
  FOREIGN KEY (company_id, member_id) REFERENCES member (company_id, member_id);
ALTER TABLE former_code ADD CONSTRAINT former_code_of_contract
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key);
ALTER TABLE bill ADD CONSTRAINT bill_of_contract
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key);
ALTER TABLE supplier ADD CONSTRAINT supplier_of_company
  FOREIGN KEY (company_id) REFERENCES company (company_id);
ALTER TABLE purchase_invoice ADD CONSTRAINT purchase_invoice_of_supplier
  FOREIGN KEY (company_id, supplier_id) REFERENCES supplier (company_id, supplier_id);
ALTER TABLE invoice_record ADD CONSTRAINT invoice_record_of_invoice
  FOREIGN KEY (company_id, invoice_id) REFERENCES purchase_invoice (company_id, invoice_id);
ALTER TABLE payout ADD CONSTRAINT payout_of_supplier
  FOREIGN KEY (company_id, supplier_id) REFERENCES supplier (company_id, supplier_id);
ALTER TABLE payout_reversal ADD CONSTRAINT payout_reversal_of_payout
  FOREIGN KEY (company_id, payout_id) REFERENCES payout (company_id, payout_id);
