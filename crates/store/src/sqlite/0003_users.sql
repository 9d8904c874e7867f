-- Who signs in beside collectors: integrators, users with their rights, and users' sessions. Identity
-- tables, keyed by their own ids: they are no part of the books (docs/decisions/0006).

-- The developer accounts whose programs call.
CREATE TABLE integrator (
  integrator_id INTEGER PRIMARY KEY CHECK (integrator_id > 0),
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  is_active INTEGER NOT NULL CHECK (is_active = 0 OR is_active = 1)
) STRICT;

CREATE TABLE app_user (
  user_id INTEGER PRIMARY KEY CHECK (user_id > 0),
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  is_active INTEGER NOT NULL CHECK (is_active = 0 OR is_active = 1)
) STRICT;

-- What a user may do for a company.
CREATE TABLE user_right (
  user_id INTEGER NOT NULL REFERENCES app_user,
  company_id INTEGER NOT NULL REFERENCES company,
  role TEXT NOT NULL CHECK (role = 'reader' OR role = 'accountant' OR role = 'administrator'),
  PRIMARY KEY (user_id, company_id)
) STRICT, WITHOUT ROWID;

-- Sessions by the hash of their key. When one ends follows from its last renewal.
CREATE TABLE user_session (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  user_id INTEGER NOT NULL REFERENCES app_user,
  renewed_at_us INTEGER NOT NULL,
  is_permanent INTEGER NOT NULL CHECK (is_permanent = 0 OR is_permanent = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_session_by_user ON user_session (user_id, renewed_at_us);
