-- Links by which somebody who forgot their password sets a new one are their own and no organisation's: also of somebody who
-- belongs to none just now. Doors write and read them; links from before the change count no more, for the hour that they had.
DROP TABLE password_resets;
CREATE TABLE password_resets (
  token_hash bytea       NOT NULL PRIMARY KEY,
  user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX password_resets_of_user ON password_resets (user_id);
SELECT protect_person_table('password_resets');

-- The organisation that an account came into being in, which alone may do something about it while its person belongs nowhere
-- else. Empty once its person took it over. An account from before the change is its first organisation's where that can be told.
ALTER TABLE users ADD COLUMN made_by uuid;
UPDATE users AS u SET made_by = (
  SELECT m.tenant_id FROM memberships AS m
  WHERE m.user_id = u.user_id AND m.created_at = u.created_at
  ORDER BY m.tenant_id LIMIT 1);
