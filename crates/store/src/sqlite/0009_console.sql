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
