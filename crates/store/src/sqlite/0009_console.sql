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

-- What is looked for and added up.

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
