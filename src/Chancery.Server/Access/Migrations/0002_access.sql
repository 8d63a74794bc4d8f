CREATE TABLE tenants (
  tenant_id   uuid        NOT NULL PRIMARY KEY,
  name        text        NOT NULL,
  plan        text        NOT NULL,
  status      text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  -- The tenant's data key, wrapped by the installation's master key: encrypts what is stored encrypted.
  wrapped_key bytea       NOT NULL,
  settings    jsonb       NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL
);
SELECT protect_tenant_table('tenants');

CREATE TABLE memberships (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id    uuid        NOT NULL,
  role       text        NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
  status     text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'removed')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id);
SELECT protect_tenant_table('memberships');

-- People exist outside tenants. The application sees only the people of the bound tenant and the bound principal
-- itself, never a password hash (column grants below), and changes only the bound principal.
CREATE TABLE users (
  user_id       uuid        NOT NULL PRIMARY KEY,
  email         text        NOT NULL,
  name          text        NOT NULL,
  password_hash text        NOT NULL,
  created_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON users TO chancery_owner USING (true) WITH CHECK (true);
CREATE POLICY people_of_the_tenant ON users FOR SELECT TO chancery_app
  USING (user_id = current_principal()
    OR EXISTS (SELECT 1 FROM memberships AS m WHERE m.user_id = users.user_id AND m.tenant_id = current_tenant()));
CREATE POLICY sign_up ON users FOR INSERT TO chancery_app WITH CHECK (user_id = current_principal());
CREATE POLICY own_row ON users FOR UPDATE TO chancery_app
  USING (user_id = current_principal()) WITH CHECK (user_id = current_principal());
GRANT SELECT (user_id, email, name, created_at), INSERT, UPDATE (email, name, password_hash) ON users TO chancery_app;

-- A sign-in. The page's cookie carries session_id and a secret; tokens name the session in `sid`.
CREATE TABLE sessions (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  session_id   uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  secret_hash  bytea       NOT NULL,
  kind         text        NOT NULL CHECK (kind IN ('page', 'token')),
  device       text        NOT NULL DEFAULT '',
  ip_address   text        NOT NULL DEFAULT '',
  created_at   timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  PRIMARY KEY (tenant_id, session_id)
);
CREATE INDEX sessions_by_id ON sessions (session_id);
SELECT protect_tenant_table('sessions');

CREATE TABLE refresh_tokens (
  tenant_id  uuid        NOT NULL,
  token_hash bytea       NOT NULL,
  session_id uuid        NOT NULL,
  issued_at  timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, session_id) REFERENCES sessions ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_by_hash ON refresh_tokens (token_hash);
SELECT protect_tenant_table('refresh_tokens');

CREATE TABLE api_keys (
  tenant_id      uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  key_id         uuid        NOT NULL,
  -- The public part inside the key itself (ck_<lookup>_<secret>), by which it is found.
  lookup         text        NOT NULL,
  name           text        NOT NULL,
  secret_mac     bytea       NOT NULL,
  pepper_version int         NOT NULL,
  role           text        NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
  created_by     uuid        NOT NULL,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz,
  revoked_at     timestamptz,
  last_used_at   timestamptz,
  PRIMARY KEY (tenant_id, key_id)
);
CREATE UNIQUE INDEX api_keys_by_lookup ON api_keys (lookup);
SELECT protect_tenant_table('api_keys');

CREATE TABLE invitations (
  tenant_id     uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  invitation_id uuid        NOT NULL,
  email         text        NOT NULL,
  role          text        NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
  token_hash    bytea       NOT NULL,
  invited_by    uuid        NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  accepted_at   timestamptz,
  revoked_at    timestamptz,
  PRIMARY KEY (tenant_id, invitation_id)
);
CREATE UNIQUE INDEX invitations_by_token ON invitations (token_hash);
SELECT protect_tenant_table('invitations');
