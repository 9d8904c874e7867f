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
