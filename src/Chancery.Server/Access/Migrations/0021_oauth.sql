-- Programs that an organisation lets its people sign in to, or that sign in as themselves. What they get is for members of
-- this organisation only.
CREATE TABLE oauth_clients (
  tenant_id        uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  client_id        uuid        NOT NULL,
  name             text        NOT NULL,
  -- Absent for a public client, which can keep no secret. The one before counts until old_secret_until.
  secret_mac       bytea,
  old_secret_mac   bytea,
  old_secret_until timestamptz,
  pepper_version   int         NOT NULL,
  redirect_uris    text[]      NOT NULL,
  grants           text[]      NOT NULL,
  scopes           text[]      NOT NULL,
  -- What it may do as itself (client credentials), and never more than whoever made it.
  role             text        CHECK (role IN ('admin', 'editor', 'viewer')),
  created_by       uuid        NOT NULL,
  created_at       timestamptz NOT NULL,
  revoked_at       timestamptz,
  PRIMARY KEY (tenant_id, client_id)
);
CREATE UNIQUE INDEX oauth_clients_by_id ON oauth_clients (client_id);
SELECT protect_tenant_table('oauth_clients');

-- Programs that registered themselves (RFC 7591). Nobody vouches for them, and they belong to no tenant.
CREATE TABLE oauth_registrations (
  client_id     text        NOT NULL PRIMARY KEY,
  name          text        NOT NULL,
  secret_mac    bytea,
  redirect_uris text[]      NOT NULL,
  grants        text[]      NOT NULL,
  scopes        text[]      NOT NULL,
  created_at    timestamptz NOT NULL,
  used_at       timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_registrations TO chancery_app;

-- What a program may do for a person, from the moment they allowed it until the program comes for its tokens: an
-- authorization code, or a device code that was allowed. Kept after its use, so that a second one is noticed.
CREATE TABLE oauth_codes (
  tenant_id      uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  code_hash      bytea       NOT NULL,
  kind           text        NOT NULL CHECK (kind IN ('code', 'device')),
  client_id      text        NOT NULL,
  user_id        uuid        NOT NULL,
  -- The page's sign-in in which it was allowed; of the same person, perhaps in another tenant.
  page_session   uuid        NOT NULL,
  redirect_uri   text        NOT NULL,
  code_challenge text,
  scopes         text[]      NOT NULL,
  audience       text,
  nonce          text,
  auth_time      timestamptz NOT NULL,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  used_at        timestamptz,
  -- What came of it, and ends when the code comes back.
  session_id     uuid,
  PRIMARY KEY (tenant_id, code_hash)
);
CREATE UNIQUE INDEX oauth_codes_by_hash ON oauth_codes (code_hash);
SELECT protect_tenant_table('oauth_codes');

-- Devices that wait for somebody to type their code (RFC 8628). Before that nobody knows whose they are.
CREATE TABLE oauth_device_requests (
  device_hash    bytea       NOT NULL PRIMARY KEY,
  user_code_hash bytea       NOT NULL,
  client_id      text        NOT NULL,
  scopes         text[]      NOT NULL,
  audience       text,
  device         text        NOT NULL,
  ip_address     text        NOT NULL,
  state          text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'allowed', 'denied')),
  poll_seconds   int         NOT NULL,
  polled_at      timestamptz,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL
);
CREATE UNIQUE INDEX oauth_device_requests_by_code ON oauth_device_requests (user_code_hash);
CREATE INDEX oauth_device_requests_old ON oauth_device_requests (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_device_requests TO chancery_app;

-- Access tokens that were taken back before their time. Those of a session end with it; this is for programs that signed in
-- as themselves.
CREATE TABLE oauth_revoked_tokens (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  token_id   uuid        NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, token_id)
);
CREATE INDEX oauth_revoked_tokens_by_id ON oauth_revoked_tokens (token_id);
SELECT protect_tenant_table('oauth_revoked_tokens');

-- A sign-in of a program for a person: which program, and to what it is limited. Null for a person's own.
ALTER TABLE sessions ADD COLUMN client_id text;
ALTER TABLE sessions ADD COLUMN scopes text[];
ALTER TABLE sessions ADD COLUMN audience text;
CREATE INDEX sessions_of_client ON sessions (tenant_id, client_id) WHERE client_id IS NOT NULL;
