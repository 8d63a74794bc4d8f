-- Links by which somebody who forgot their password sets a new one. Kept with the organisation that they joined first, where
-- their sign-ins are kept, too.
CREATE TABLE password_resets (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  token_hash bytea       NOT NULL,
  user_id    uuid        NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  PRIMARY KEY (tenant_id, token_hash)
);
CREATE UNIQUE INDEX password_resets_by_token ON password_resets (token_hash);
CREATE INDEX password_resets_of_user ON password_resets (tenant_id, user_id);
SELECT protect_tenant_table('password_resets');
