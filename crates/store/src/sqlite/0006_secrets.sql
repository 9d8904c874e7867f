-- Collectors' secrets change under way: the one before is taken until its end. Its row says both or
-- neither. The security code stays, and what is found by it.
ALTER TABLE collector ADD COLUMN previous_secret_digest BLOB
  CHECK (previous_secret_digest IS NULL OR length(previous_secret_digest) = 32);
ALTER TABLE collector ADD COLUMN previous_until_us INTEGER
  CHECK ((previous_until_us IS NULL) = (previous_secret_digest IS NULL));

-- Of tokens issued before, nobody wrote it down.
ALTER TABLE token ADD COLUMN issued_at_us INTEGER;
