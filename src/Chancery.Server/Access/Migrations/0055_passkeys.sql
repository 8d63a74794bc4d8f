-- Passkeys (WebAuthn). The key is a public one: there is nothing in it to keep secret.
CREATE TABLE passkeys (
  user_id            uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  passkey_id         uuid        NOT NULL,
  credential_id      bytea       NOT NULL,
  public_key         bytea       NOT NULL,
  -- Goes up with each use, or stays 0. One that goes back is a copy.
  sign_count         bigint      NOT NULL,
  transports         text[],
  is_backup_eligible boolean     NOT NULL,
  is_backed_up       boolean     NOT NULL,
  attestation        bytea       NOT NULL,
  client_data        bytea       NOT NULL,
  name               text        NOT NULL,
  created_at         timestamptz NOT NULL,
  last_used_at       timestamptz,
  PRIMARY KEY (user_id, passkey_id)
);
CREATE UNIQUE INDEX passkeys_by_credential ON passkeys (credential_id);
SELECT protect_person_table('passkeys');

-- Whether the people of an organisation need a second factor. Without a row they do not.
CREATE TABLE sign_in_policies (
  tenant_id     uuid        NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  second_factor text        NOT NULL CHECK (second_factor IN ('none', 'encouraged', 'required')),
  applies_to    text        NOT NULL CHECK (applies_to IN ('everybody', 'managers')),
  required_from timestamptz NOT NULL,
  changed_at    timestamptz NOT NULL
);
SELECT protect_tenant_table('sign_in_policies');
