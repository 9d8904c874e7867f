-- What the console keeps: roles, the window, what is looked for and added up, and who is inside.

-- Roles. Which there are is the program's to say.

ALTER TABLE user_right DROP CONSTRAINT user_right_role_check;

-- The window.

ALTER TABLE collector ADD COLUMN is_window BIGINT NOT NULL DEFAULT 0
  CHECK (is_window = 0 OR is_window = 1);

ALTER TABLE counter ADD COLUMN next_receipt BIGINT NOT NULL DEFAULT 1 CHECK (next_receipt > 0);
ALTER TABLE counter ADD COLUMN next_drawer BIGINT NOT NULL DEFAULT 1 CHECK (next_drawer > 0);
ALTER TABLE counter ADD COLUMN next_remittance BIGINT NOT NULL DEFAULT 1
  CHECK (next_remittance > 0);
ALTER TABLE counter ADD COLUMN window_entries BIGINT NOT NULL DEFAULT 0
  CHECK (window_entries >= 0);

-- The law: a cashier has one drawer open, whose name stands in open_for as long as it is.
CREATE TABLE drawer (
  company_id BIGINT NOT NULL,
  drawer_id BIGINT NOT NULL CHECK (drawer_id > 0),
  state TEXT NOT NULL CHECK (state = 'open' OR state = 'closed' OR state = 'approved'),
  cashier TEXT NOT NULL,
  open_for TEXT CHECK ((open_for IS NOT NULL) = (state = 'open')),
  business_day TEXT NOT NULL,
  opening TEXT NOT NULL,
  figures TEXT NOT NULL,
  closing TEXT CHECK ((closing IS NULL) = (state = 'open')),
  approval TEXT CHECK ((approval IS NOT NULL) = (state = 'approved')),
  PRIMARY KEY (company_id, drawer_id),
  UNIQUE (company_id, open_for)
);
CREATE INDEX drawer_by_state ON drawer (company_id, state, drawer_id);
CREATE INDEX drawer_by_day ON drawer (company_id, business_day, drawer_id);
CREATE INDEX drawer_by_cashier ON drawer (company_id, cashier, drawer_id);

CREATE TABLE window_receipt (
  company_id BIGINT NOT NULL,
  receipt_id BIGINT NOT NULL CHECK (receipt_id > 0),
  caller_key TEXT NOT NULL,
  cashier TEXT NOT NULL,
  drawer_id BIGINT NOT NULL,
  business_day TEXT NOT NULL,
  record TEXT NOT NULL,
  reversal TEXT,
  PRIMARY KEY (company_id, receipt_id),
  UNIQUE (company_id, caller_key)
);
CREATE INDEX window_receipt_by_day ON window_receipt (company_id, business_day, receipt_id);
CREATE INDEX window_receipt_by_cashier
  ON window_receipt (company_id, cashier, business_day, receipt_id);
CREATE INDEX window_receipt_by_drawer ON window_receipt (company_id, drawer_id, receipt_id);

-- The law: a payment is in one receipt.
CREATE TABLE window_receipt_payment (
  company_id BIGINT NOT NULL,
  payment_id BIGINT NOT NULL,
  receipt_id BIGINT NOT NULL,
  PRIMARY KEY (company_id, payment_id)
);

CREATE TABLE remittance (
  company_id BIGINT NOT NULL,
  remittance_id BIGINT NOT NULL CHECK (remittance_id > 0),
  collector_id BIGINT NOT NULL,
  caller_key TEXT,
  record TEXT NOT NULL,
  reversal TEXT,
  PRIMARY KEY (company_id, remittance_id),
  UNIQUE (company_id, caller_key)
);
CREATE INDEX remittance_by_collector ON remittance (company_id, collector_id, remittance_id);

-- What is looked for and added up. Books that were kept before it get theirs when the script has run: folding
-- a word and telling the hour of a company's zone are the program's.

-- A word is found whole or by its start.
CREATE TABLE member_word (
  company_id BIGINT NOT NULL,
  word TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  PRIMARY KEY (company_id, word, member_id)
);

CREATE INDEX contract_by_member ON contract (company_id, member_id, contract_key);

-- By the hour, 0 to 23, of the company's local time at which a payment or a reversal was recorded.
CREATE TABLE collected (
  company_id BIGINT NOT NULL,
  business_day TEXT NOT NULL,
  collector_id BIGINT NOT NULL,
  hour BIGINT NOT NULL CHECK (hour BETWEEN 0 AND 23),
  payments BIGINT NOT NULL,
  paid_minor BIGINT NOT NULL,
  reversals BIGINT NOT NULL,
  reversed_minor BIGINT NOT NULL,
  PRIMARY KEY (company_id, business_day, collector_id, hour)
);

-- What moves a row may be less than nothing, and a check would see it before it is added to the row.
CREATE TABLE owed (
  company_id BIGINT NOT NULL,
  period BIGINT NOT NULL,
  unpaid_bills BIGINT NOT NULL,
  owed_minor BIGINT NOT NULL,
  PRIMARY KEY (company_id, period)
);

-- Who is inside.

CREATE TABLE console_session (
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  user_id BIGINT NOT NULL,
  opened_at_us BIGINT NOT NULL,
  renewed_at_us BIGINT NOT NULL,
  proven_at_us BIGINT,
  address TEXT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE INDEX console_session_by_user ON console_session (user_id, opened_at_us);

CREATE TABLE invitation (
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  user_id BIGINT,
  expires_at_us BIGINT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE INDEX invitation_by_user ON invitation (user_id);

CREATE TABLE second_factor (
  user_id BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  PRIMARY KEY (user_id)
);

CREATE TABLE second_factor_step (
  user_id BIGINT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (user_id)
);

CREATE TABLE recovery_code (
  user_id BIGINT NOT NULL,
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (user_id, digest)
);

-- The logo.

CREATE TABLE logo (
  company_id BIGINT NOT NULL,
  sha256 BYTEA NOT NULL CHECK (length(sha256) = 32),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, sha256)
);

-- Who is inside, again: foreign keys come last.

ALTER TABLE console_session ADD CONSTRAINT console_session_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE invitation ADD CONSTRAINT invitation_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE second_factor ADD CONSTRAINT second_factor_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE second_factor_step ADD CONSTRAINT second_factor_step_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE recovery_code ADD CONSTRAINT recovery_code_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
