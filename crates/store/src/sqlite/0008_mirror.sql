-- Where every entry is written a second time before an answer rests on it, and how often the identity
-- tables have changed: the second place holds them as they stood at such a version.
CREATE TABLE mirror (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  path TEXT,
  identities_version INTEGER NOT NULL CHECK (identities_version >= 0)
) STRICT;
INSERT INTO mirror (one, path, identities_version) VALUES (1, NULL, 0);
