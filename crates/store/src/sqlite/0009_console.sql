-- What the console keeps: roles, the window, what is looked for and added up, and who is inside.

-- Roles. Which there are is the program's to say.

CREATE TABLE user_right_of_any_role (
  user_id INTEGER NOT NULL REFERENCES app_user,
  company_id INTEGER NOT NULL REFERENCES company,
  role TEXT NOT NULL,
  PRIMARY KEY (user_id, company_id)
) STRICT, WITHOUT ROWID;
INSERT INTO user_right_of_any_role (user_id, company_id, role)
SELECT user_id, company_id, role FROM user_right ORDER BY user_id, company_id;
DROP TABLE user_right;
ALTER TABLE user_right_of_any_role RENAME TO user_right;

-- The window.

ALTER TABLE collector ADD COLUMN is_window INTEGER NOT NULL DEFAULT 0
  CHECK (is_window IN (0, 1));

ALTER TABLE counter ADD COLUMN next_receipt INTEGER NOT NULL DEFAULT 1 CHECK (next_receipt > 0);
ALTER TABLE counter ADD COLUMN next_drawer INTEGER NOT NULL DEFAULT 1 CHECK (next_drawer > 0);
ALTER TABLE counter ADD COLUMN next_remittance INTEGER NOT NULL DEFAULT 1
  CHECK (next_remittance > 0);
ALTER TABLE counter ADD COLUMN window_entries INTEGER NOT NULL DEFAULT 0
  CHECK (window_entries >= 0);

-- The law: a cashier has one drawer open, whose name stands in open_for as long as it is. What went through
-- it by means, figures, is raised by receipts and reversals while it is open, and never after.
CREATE TABLE drawer (
  company_id INTEGER NOT NULL REFERENCES company,
  drawer_id INTEGER NOT NULL CHECK (drawer_id > 0),
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'approved')),
  cashier TEXT NOT NULL,
  open_for TEXT CHECK ((open_for IS NOT NULL) = (state = 'open')),
  business_day TEXT NOT NULL,
  opening TEXT NOT NULL,
  figures TEXT NOT NULL,
  closing TEXT CHECK ((closing IS NULL) = (state = 'open')),
  approval TEXT CHECK ((approval IS NOT NULL) = (state = 'approved')),
  PRIMARY KEY (company_id, drawer_id),
  UNIQUE (company_id, open_for)
) STRICT, WITHOUT ROWID;
CREATE INDEX drawer_by_state ON drawer (company_id, state, drawer_id);
CREATE INDEX drawer_by_day ON drawer (company_id, business_day, drawer_id);
CREATE INDEX drawer_by_cashier ON drawer (company_id, cashier, drawer_id);

CREATE TABLE window_receipt (
  company_id INTEGER NOT NULL,
  receipt_id INTEGER NOT NULL CHECK (receipt_id > 0),
  caller_key TEXT NOT NULL,
  cashier TEXT NOT NULL,
  drawer_id INTEGER NOT NULL,
  business_day TEXT NOT NULL,
  record TEXT NOT NULL,
  reversal TEXT,
  PRIMARY KEY (company_id, receipt_id),
  UNIQUE (company_id, caller_key),
  FOREIGN KEY (company_id, drawer_id) REFERENCES drawer
) STRICT, WITHOUT ROWID;
CREATE INDEX window_receipt_by_day ON window_receipt (company_id, business_day, receipt_id);
CREATE INDEX window_receipt_by_cashier
  ON window_receipt (company_id, cashier, business_day, receipt_id);
CREATE INDEX window_receipt_by_drawer ON window_receipt (company_id, drawer_id, receipt_id);

-- The law: a payment is in one receipt.
CREATE TABLE window_receipt_payment (
  company_id INTEGER NOT NULL,
  payment_id INTEGER NOT NULL,
  receipt_id INTEGER NOT NULL,
  PRIMARY KEY (company_id, payment_id),
  FOREIGN KEY (company_id, payment_id) REFERENCES payment,
  FOREIGN KEY (company_id, receipt_id) REFERENCES window_receipt
) STRICT, WITHOUT ROWID;

CREATE TABLE remittance (
  company_id INTEGER NOT NULL REFERENCES company,
  remittance_id INTEGER NOT NULL CHECK (remittance_id > 0),
  collector_id INTEGER NOT NULL REFERENCES collector,
  caller_key TEXT,
  record TEXT NOT NULL,
  reversal TEXT,
  PRIMARY KEY (company_id, remittance_id),
  UNIQUE (company_id, caller_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX remittance_by_collector ON remittance (company_id, collector_id, remittance_id);

-- What is looked for and added up. Books that were kept before it get theirs when the script has run: folding
-- a word and telling the hour of a company's zone are the program's.

-- A word is found whole or by its start. No foreign key names the member: the statement before kept it.
CREATE TABLE member_word (
  company_id INTEGER NOT NULL,
  word TEXT NOT NULL,
  member_id INTEGER NOT NULL,
  PRIMARY KEY (company_id, word, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contract_by_member ON contract (company_id, member_id, contract_key);

-- By the hour, 0 to 23, of the company's local time at which a payment or a reversal was recorded.
CREATE TABLE collected (
  company_id INTEGER NOT NULL REFERENCES company,
  business_day TEXT NOT NULL,
  collector_id INTEGER NOT NULL,
  hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
  payments INTEGER NOT NULL,
  paid_minor INTEGER NOT NULL,
  reversals INTEGER NOT NULL,
  reversed_minor INTEGER NOT NULL,
  PRIMARY KEY (company_id, business_day, collector_id, hour)
) STRICT, WITHOUT ROWID;

-- What moves a row may be less than nothing, and a check would see it before it is added to the row.
CREATE TABLE owed (
  company_id INTEGER NOT NULL REFERENCES company,
  period INTEGER NOT NULL,
  unpaid_bills INTEGER NOT NULL,
  owed_minor INTEGER NOT NULL,
  PRIMARY KEY (company_id, period)
) STRICT, WITHOUT ROWID;

-- Who is inside.

-- Sessions of the console by the hash of their key. When one ends follows from its opening and its last
-- renewal.
CREATE TABLE console_session (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  user_id INTEGER NOT NULL REFERENCES app_user,
  opened_at_us INTEGER NOT NULL,
  renewed_at_us INTEGER NOT NULL,
  proven_at_us INTEGER,
  address TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX console_session_by_user ON console_session (user_id, opened_at_us);

-- Links that were handed out, by the hash of what they end with; the first administrator's names nobody.
CREATE TABLE invitation (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  user_id INTEGER REFERENCES app_user,
  expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_by_user ON invitation (user_id);

-- What the codes of a second factor are computed from, sealed.
CREATE TABLE second_factor (
  user_id INTEGER PRIMARY KEY REFERENCES app_user,
  sealed TEXT NOT NULL
) STRICT;

-- The last step of which a code was taken: it never goes back.
CREATE TABLE second_factor_step (
  user_id INTEGER PRIMARY KEY REFERENCES app_user,
  step INTEGER NOT NULL
) STRICT;

-- The recovery codes that nobody has used, by their keyed hashes.
CREATE TABLE recovery_code (
  user_id INTEGER NOT NULL REFERENCES app_user,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

-- The logo.

-- Pictures that versions of the issuer name by the hash of their bytes. The record is the JSON that the
-- journal holds.
CREATE TABLE logo (
  company_id INTEGER NOT NULL REFERENCES company,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, sha256)
) STRICT;
