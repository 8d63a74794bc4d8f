-- Issuers of identities that an organisation trusts for itself. The operator's are settings.
CREATE TABLE identity_issuers (
  tenant_id     uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  issuer_id     uuid        NOT NULL,
  label         text        NOT NULL,
  issuer        text        NOT NULL,
  client_id     text        NOT NULL,
  -- Encrypted with the tenant's data key; absent for a public client.
  client_secret bytea,
  algorithm     text        NOT NULL,
  scopes        text        NOT NULL,
  rules         jsonb       NOT NULL,
  created_by    uuid        NOT NULL,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, issuer_id)
);
CREATE UNIQUE INDEX identity_issuers_by_id ON identity_issuers (issuer_id);
CREATE UNIQUE INDEX identity_issuers_by_client ON identity_issuers (tenant_id, issuer, client_id);
CREATE INDEX identity_issuers_by_issuer ON identity_issuers (issuer);
SELECT protect_tenant_table('identity_issuers');

-- Whom an issuer's subject is in an organisation. The e-mail links nothing: it only leads to a link being made.
CREATE TABLE federated_identities (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  -- An issuer's id, or the address of one of the operator's.
  issuer_key   text        NOT NULL,
  subject      text        NOT NULL,
  user_id      uuid        NOT NULL,
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, issuer_key, subject)
);
CREATE INDEX federated_identities_by_subject ON federated_identities (issuer_key, subject);
CREATE INDEX federated_identities_of_user ON federated_identities (tenant_id, user_id);
SELECT protect_tenant_table('federated_identities');

-- Sign-ins at an issuer that came back: none comes back twice. They belong to no tenant yet.
CREATE TABLE federation_states (
  state_hash bytea       NOT NULL PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON federation_states TO chancery_app;

-- A sign-in through an organisation's own issuer says who the person is to that organisation, and to no other of theirs.
ALTER TABLE sessions ADD COLUMN confined boolean NOT NULL DEFAULT false;
