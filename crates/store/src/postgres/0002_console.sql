-- What the console keeps: roles, the window, what is looked for and added up, and who is inside.

-- Roles. Which there are is the program's to say.

ALTER TABLE user_right DROP CONSTRAINT user_right_role_check;

-- The window.

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
