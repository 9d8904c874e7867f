-- The trail: who did what from where, beside the books. A row holds the acts that were written
-- together, a line of JSON each. Company 0 is none: acts that belong to no company.
CREATE TABLE trail (
  company_id INTEGER NOT NULL CHECK (company_id >= 0),
  number INTEGER NOT NULL CHECK (number > 0),
  recorded_at_us INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (body <> ''),
  chain BLOB NOT NULL CHECK (length(chain) = 32),
  PRIMARY KEY (company_id, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER trail_refuses_update BEFORE UPDATE ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER trail_refuses_delete BEFORE DELETE ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;

-- Where each trail ends: what shows one whose last rows were cut off.
CREATE TABLE trail_head (
  company_id INTEGER PRIMARY KEY CHECK (company_id >= 0),
  number INTEGER NOT NULL CHECK (number > 0),
  chain BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;
