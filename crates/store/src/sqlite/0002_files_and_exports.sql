-- Files in, payments out: what came of an imported file, contracts under their former codes, and
-- payments and reversals numbered for the biller's own system.

-- Versions in the order of their bills, as files bring them: a file appends. A bill's number is looked
-- up here, and here it is unique in its company: no second index is kept for it. No foreign key names
-- the bill or the file: the bill's row is made or changed by the statement before, and a look into
-- another table for each of a million lines is paid by those who wait at the window.
CREATE TABLE bill_version_by_number (
  company_id INTEGER NOT NULL,
  bill_id INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  contract_key INTEGER NOT NULL,
  period INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL
    CHECK (state = 'owed' OR state = 'annulled' OR state = 'paid-elsewhere'),
  printed TEXT,
  revenue TEXT,
  replaced_by INTEGER CHECK (replaced_by IS NULL OR state = 'annulled'),
  file_id INTEGER NOT NULL,
  line INTEGER NOT NULL,
  PRIMARY KEY (company_id, bill_id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO bill_version_by_number (company_id, bill_id, version, contract_key, period,
  amount_minor, state, printed, revenue, replaced_by, file_id, line)
SELECT company_id, bill_id, version, contract_key, period,
  amount_minor, state, printed, revenue, replaced_by, file_id, line
FROM bill_version ORDER BY company_id, bill_id, version;
DROP TABLE bill_version;
ALTER TABLE bill_version_by_number RENAME TO bill_version;

-- The same bills: a list of three words in a CHECK is a table that SQLite makes for each row, and
-- comparisons are not.
CREATE TABLE bill_compared (
  company_id INTEGER NOT NULL,
  contract_key INTEGER NOT NULL,
  bill_id INTEGER NOT NULL CHECK (bill_id > 0),
  period INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  state TEXT NOT NULL
    CHECK (state = 'owed' OR state = 'annulled' OR state = 'paid-elsewhere'),
  version INTEGER NOT NULL CHECK (version > 0),
  paid_by INTEGER CHECK (paid_by IS NULL OR state = 'owed'),
  last_payment INTEGER CHECK (paid_by IS NULL OR paid_by = last_payment),
  PRIMARY KEY (company_id, contract_key, bill_id),
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key)
) STRICT, WITHOUT ROWID;
INSERT INTO bill_compared (company_id, contract_key, bill_id, period, amount_minor, state, version,
  paid_by, last_payment)
SELECT company_id, contract_key, bill_id, period, amount_minor, state, version,
  paid_by, last_payment
FROM bill ORDER BY company_id, contract_key, bill_id;
DROP TABLE bill;
ALTER TABLE bill_compared RENAME TO bill;

-- The entry that accepted the file; what came of its lines, once all of them were kept.
CREATE TABLE imported_file_with_entry (
  company_id INTEGER NOT NULL REFERENCES company,
  file_id INTEGER NOT NULL CHECK (file_id > 0),
  entry_number INTEGER NOT NULL CHECK (entry_number > 0),
  kind TEXT NOT NULL CHECK (kind IN ('members', 'bills')),
  name TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  lines INTEGER NOT NULL CHECK (lines >= 0),
  imported_by TEXT NOT NULL,
  totals TEXT,
  PRIMARY KEY (company_id, file_id)
) STRICT, WITHOUT ROWID;
INSERT INTO imported_file_with_entry (company_id, file_id, entry_number, kind, name, sha256, lines,
  imported_by)
SELECT f.company_id, f.file_id, j.entry_number, f.kind, f.name, f.sha256, f.lines, f.imported_by
FROM journal j JOIN imported_file f
  ON f.company_id = j.company_id AND f.file_id = json_extract(j.payload, '$.id')
WHERE j.kind = 'file-imported';
DROP TABLE imported_file;
ALTER TABLE imported_file_with_entry RENAME TO imported_file;

-- Codes that contracts have had before.
CREATE TABLE former_code (
  company_id INTEGER NOT NULL,
  code TEXT NOT NULL,
  contract_key INTEGER NOT NULL,
  PRIMARY KEY (company_id, code, contract_key),
  FOREIGN KEY (company_id, contract_key) REFERENCES contract (company_id, contract_key)
) STRICT, WITHOUT ROWID;

-- Payments and reversals in the order of their entries, numbered without gaps.
CREATE TABLE collection_event (
  company_id INTEGER NOT NULL REFERENCES company,
  event_number INTEGER NOT NULL CHECK (event_number > 0),
  entry_number INTEGER NOT NULL CHECK (entry_number > 0),
  PRIMARY KEY (company_id, event_number)
) STRICT, WITHOUT ROWID;
INSERT INTO collection_event (company_id, event_number, entry_number)
SELECT company_id, row_number() OVER (PARTITION BY company_id ORDER BY entry_number), entry_number
FROM journal WHERE kind IN ('payment-made', 'payment-reversed');
ALTER TABLE counter ADD COLUMN next_event INTEGER NOT NULL DEFAULT 1 CHECK (next_event > 0);
UPDATE counter SET next_event = 1 + (
  SELECT count(*) FROM collection_event e WHERE e.company_id = counter.company_id);
