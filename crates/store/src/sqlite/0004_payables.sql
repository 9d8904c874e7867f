-- The suppliers' side of the books: suppliers, what they billed, payouts and their reversals. Of each
-- the record is the JSON that the journal holds; columns stand beside it only for what is looked up,
-- kept unique or counted.

CREATE TABLE supplier (
  company_id INTEGER NOT NULL REFERENCES company,
  supplier_id INTEGER NOT NULL CHECK (supplier_id > 0),
  tax_id TEXT,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, supplier_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX supplier_by_tax_id ON supplier (company_id, tax_id);

-- The law: what payouts have settled of an invoice is never less than nothing nor more than its total.
-- An invoice without a letter has an empty one: of two NULLs a unique index would take both.
CREATE TABLE purchase_invoice (
  company_id INTEGER NOT NULL,
  invoice_id INTEGER NOT NULL CHECK (invoice_id > 0),
  supplier_id INTEGER NOT NULL,
  letter TEXT NOT NULL DEFAULT '',
  point INTEGER NOT NULL CHECK (point >= 0),
  serial INTEGER NOT NULL CHECK (serial > 0),
  total_minor INTEGER NOT NULL CHECK (total_minor > 0),
  applied_minor INTEGER NOT NULL DEFAULT 0
    CHECK (applied_minor >= 0 AND applied_minor <= total_minor),
  PRIMARY KEY (company_id, invoice_id),
  FOREIGN KEY (company_id, supplier_id) REFERENCES supplier
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX purchase_invoice_by_number
  ON purchase_invoice (company_id, supplier_id, letter, point, serial);

-- What an invoice says, apart from the narrow row that payouts change.
CREATE TABLE invoice_record (
  company_id INTEGER NOT NULL,
  invoice_id INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, invoice_id),
  FOREIGN KEY (company_id, invoice_id) REFERENCES purchase_invoice
) STRICT, WITHOUT ROWID;

CREATE TABLE payout (
  company_id INTEGER NOT NULL,
  payout_id INTEGER NOT NULL CHECK (payout_id > 0),
  supplier_id INTEGER NOT NULL,
  point INTEGER NOT NULL CHECK (point >= 0),
  serial INTEGER NOT NULL CHECK (serial > 0),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, payout_id),
  FOREIGN KEY (company_id, supplier_id) REFERENCES supplier
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX payout_by_number ON payout (company_id, point, serial);

-- What each payout settles of each invoice. A reversal leaves its payout's rows: they tell which
-- invoices. No foreign key names the payout or the invoice: each row is written between the statement
-- that makes the one and the law's UPDATE, which finds the other or nothing is kept.
CREATE TABLE payout_application (
  company_id INTEGER NOT NULL,
  payout_id INTEGER NOT NULL,
  invoice_id INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (company_id, payout_id, invoice_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payout_application_by_invoice
  ON payout_application (company_id, invoice_id, payout_id);

-- An integrator's names for its attempts. Only a success uses a name up, and it never expires.
CREATE TABLE payout_key (
  company_id INTEGER NOT NULL,
  integrator_id INTEGER NOT NULL,
  caller_key TEXT NOT NULL,
  payout_id INTEGER NOT NULL,
  PRIMARY KEY (company_id, integrator_id, caller_key)
) STRICT, WITHOUT ROWID;

-- The record holds the payout as it was made, too.
CREATE TABLE payout_reversal (
  company_id INTEGER NOT NULL,
  payout_id INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, payout_id),
  FOREIGN KEY (company_id, payout_id) REFERENCES payout
) STRICT, WITHOUT ROWID;

-- Books of before have none of these, and no entry of their kinds.
ALTER TABLE counter ADD COLUMN next_supplier INTEGER NOT NULL DEFAULT 1 CHECK (next_supplier > 0);
ALTER TABLE counter ADD COLUMN next_invoice INTEGER NOT NULL DEFAULT 1 CHECK (next_invoice > 0);
ALTER TABLE counter ADD COLUMN next_payout INTEGER NOT NULL DEFAULT 1 CHECK (next_payout > 0);
ALTER TABLE counter ADD COLUMN payable_entries INTEGER NOT NULL DEFAULT 0
  CHECK (payable_entries >= 0);
