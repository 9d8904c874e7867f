-- What is printed stays: who heads a company's papers, version by version, and what a member's or a
-- contract's row said before it changed.

-- The record is the JSON that the journal holds. The company's row names the version in force, which
-- each payment takes over; 0 is none.
CREATE TABLE issuer (
  company_id INTEGER NOT NULL REFERENCES company,
  number INTEGER NOT NULL CHECK (number > 0),
  record TEXT NOT NULL,
  PRIMARY KEY (company_id, number)
) STRICT, WITHOUT ROWID;
ALTER TABLE company ADD COLUMN issuer INTEGER NOT NULL DEFAULT 0 CHECK (issuer >= 0);
ALTER TABLE payment ADD COLUMN issuer INTEGER NOT NULL DEFAULT 0;

-- A row as it stood until the entry that changed it. No foreign key names the row in force: each is
-- written out of it, and none is ever deleted.
CREATE TABLE former_member (
  company_id INTEGER NOT NULL,
  member_id INTEGER NOT NULL,
  until_entry INTEGER NOT NULL CHECK (until_entry > 0),
  is_assigned INTEGER NOT NULL CHECK (is_assigned = 0 OR is_assigned = 1),
  name TEXT NOT NULL,
  document_kind TEXT,
  document_number TEXT,
  tax_id TEXT,
  location INTEGER,
  email TEXT,
  phone TEXT,
  PRIMARY KEY (company_id, member_id, until_entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE former_contract (
  company_id INTEGER NOT NULL,
  contract_key INTEGER NOT NULL,
  until_entry INTEGER NOT NULL CHECK (until_entry > 0),
  code TEXT NOT NULL,
  member_id INTEGER NOT NULL,
  state TEXT NOT NULL
    CHECK (state = 'active' OR state = 'cut' OR state = 'blocked' OR state = 'ended'),
  address TEXT,
  supply_point INTEGER,
  PRIMARY KEY (company_id, contract_key, until_entry)
) STRICT, WITHOUT ROWID;

-- Books that were kept before have them in their journal. An entry that says the same again changed
-- nothing: equal rows were always written as equal text.
INSERT INTO former_member (company_id, member_id, until_entry, is_assigned, name, document_kind,
  document_number, tax_id, location, email, phone)
SELECT company_id, member_id, until_entry, coalesce(json_extract(payload, '$.is_assigned'), 0),
  json_extract(payload, '$.name'), json_extract(payload, '$.document_kind'),
  json_extract(payload, '$.document_number'), json_extract(payload, '$.tax_id'),
  json_extract(payload, '$.location'), json_extract(payload, '$.email'),
  json_extract(payload, '$.phone')
FROM (
  SELECT company_id, member_id, payload,
    lead(payload) OVER kept AS next_payload, lead(entry_number) OVER kept AS until_entry
  FROM (
    SELECT company_id, entry_number, payload, json_extract(payload, '$.id') AS member_id
    FROM journal WHERE kind = 'member-kept')
  WINDOW kept AS (PARTITION BY company_id, member_id ORDER BY entry_number))
WHERE until_entry IS NOT NULL AND payload <> next_payload
ORDER BY company_id, member_id, until_entry;
INSERT INTO former_contract (company_id, contract_key, until_entry, code, member_id, state, address,
  supply_point)
SELECT company_id, contract_key, until_entry, json_extract(payload, '$.code'),
  json_extract(payload, '$.member'), json_extract(payload, '$.state'),
  json_extract(payload, '$.address'), json_extract(payload, '$.supply_point')
FROM (
  SELECT company_id, contract_key, payload,
    lead(payload) OVER kept AS next_payload, lead(entry_number) OVER kept AS until_entry
  FROM (
    SELECT company_id, entry_number, payload, json_extract(payload, '$.key') AS contract_key
    FROM journal WHERE kind = 'contract-kept')
  WINDOW kept AS (PARTITION BY company_id, contract_key ORDER BY entry_number))
WHERE until_entry IS NOT NULL AND payload <> next_payload
ORDER BY company_id, contract_key, until_entry;
