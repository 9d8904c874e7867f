-- What the console keeps: roles, the window, what is looked for and added up, and who is inside.

-- Roles. Which there are is the program's to say.

ALTER TABLE user_right DROP CONSTRAINT user_right_role_check;

-- The window.

-- What is looked for and added up.

-- Who is inside.

CREATE TABLE console_session (
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  user_id BIGINT NOT NULL,
  opened_at_us BIGINT NOT NULL,
  renewed_at_us BIGINT NOT NULL,
  proven_at_us BIGINT,
  address TEXT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE INDEX console_session_by_user ON console_session (user_id, opened_at_us);

CREATE TABLE invitation (
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  user_id BIGINT,
  expires_at_us BIGINT NOT NULL,
  PRIMARY KEY (digest)
);
CREATE INDEX invitation_by_user ON invitation (user_id);

CREATE TABLE second_factor (
  user_id BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  PRIMARY KEY (user_id)
);

CREATE TABLE second_factor_step (
  user_id BIGINT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (user_id)
);

CREATE TABLE recovery_code (
  user_id BIGINT NOT NULL,
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (user_id, digest)
);

ALTER TABLE console_session ADD CONSTRAINT console_session_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE invitation ADD CONSTRAINT invitation_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE second_factor ADD CONSTRAINT second_factor_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE second_factor_step ADD CONSTRAINT second_factor_step_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
ALTER TABLE recovery_code ADD CONSTRAINT recovery_code_has_a_user
  FOREIGN KEY (user_id) REFERENCES app_user (user_id);
