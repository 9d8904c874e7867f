-- What the console keeps: roles, the window, what is looked for and added up, and who is inside.

-- Roles. Which there are is the program's to say.

ALTER TABLE user_right DROP CONSTRAINT user_right_role_check;

-- The window.

-- What is looked for and added up.

-- Who is inside.
