-- Who operates the installation. They belong to no tenant, and the server only looks them up: they are made and revoked on the
-- machine, as the database's owner.
CREATE TABLE operators (
  operator_id uuid        NOT NULL PRIMARY KEY,
  name        text        NOT NULL,
  token_hash  bytea       NOT NULL,
  created_at  timestamptz NOT NULL,
  revoked_at  timestamptz
);
CREATE UNIQUE INDEX operators_by_token ON operators (token_hash);
CREATE UNIQUE INDEX operators_by_name ON operators (lower(name)) WHERE revoked_at IS NULL;
GRANT SELECT ON operators TO chancery_app;
