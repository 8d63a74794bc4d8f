-- What a person proves themselves with besides their password belongs to them and to no organisation: seen and changed only in
-- sessions that are bound to them.
CREATE FUNCTION protect_person_table(target regclass) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY person_only ON %s TO chancery_app '
    'USING (user_id = current_principal()) WITH CHECK (user_id = current_principal())', target);
  EXECUTE format('CREATE POLICY owner_all ON %s TO chancery_owner USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO chancery_app', target);
END
$$;
REVOKE ALL ON FUNCTION protect_person_table FROM public;

-- A person's data key, wrapped by the installation's master key: encrypts what is kept of them encrypted.
CREATE TABLE person_keys (
  user_id     uuid  NOT NULL PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  wrapped_key bytea NOT NULL
);
SELECT protect_person_table('person_keys');

-- An authenticator app (RFC 6238). It counts from the first code that was right.
CREATE TABLE totp_authenticators (
  user_id      uuid        NOT NULL PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  sealed_seed  bytea,
  -- One that is being set up, beside the one that counts until then.
  pending_seed bytea,
  -- The newest time step of which a code was taken: none of it or before it is taken again.
  last_step    bigint      NOT NULL DEFAULT 0,
  created_at   timestamptz NOT NULL,
  confirmed_at timestamptz,
  last_used_at timestamptz
);
SELECT protect_person_table('totp_authenticators');

CREATE TABLE recovery_codes (
  user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  code_hash  bytea       NOT NULL,
  created_at timestamptz NOT NULL,
  used_at    timestamptz,
  PRIMARY KEY (user_id, code_hash)
);
SELECT protect_person_table('recovery_codes');

-- What was asked of somebody whose sign-in is not whole yet, found by its secret only. Of a sign-in with a passkey nobody knows
-- whose it is before the answer, so it belongs to no tenant.
CREATE TABLE sign_in_challenges (
  challenge_hash bytea       NOT NULL PRIMARY KEY,
  purpose        text        NOT NULL
                 CHECK (purpose IN ('sign-in', 'passkey-sign-in', 'passkey-factor', 'passkey-creation')),
  user_id        uuid,
  tenant_id      uuid,
  kind           text        CHECK (kind IN ('page', 'token')),
  end_session    uuid,
  -- What was proven: the first factor, and the second one where only a place to sign in to was missing.
  methods        text[]      NOT NULL DEFAULT '{}',
  -- What a passkey signs; it holds a random challenge and no secret.
  passkey_state  text,
  attempts       int         NOT NULL DEFAULT 0,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL
);
CREATE INDEX sign_in_challenges_old ON sign_in_challenges (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_challenges TO chancery_app;

-- How a sign-in was proven (RFC 8176), and when last.
ALTER TABLE sessions ADD COLUMN methods text[] NOT NULL DEFAULT '{pwd}';
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz;
UPDATE sessions SET authenticated_at = created_at;
ALTER TABLE sessions ALTER COLUMN authenticated_at SET NOT NULL;
