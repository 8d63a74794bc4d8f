-- What a POST with an Idempotency-Key was answered, for a day. A key belongs to a principal of a tenant; the answer is
-- encrypted under the tenant's data key, because some answers show a secret once.
CREATE TABLE idempotency_keys (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  principal_id uuid        NOT NULL,
  key_sha256   bytea       NOT NULL,
  -- Method, path and query: a key belongs to one call.
  call         text        NOT NULL,
  -- Which attempt holds the key: one that was thought dead cannot write over its successor.
  attempt_id   uuid        NOT NULL,
  state        text        NOT NULL CHECK (state IN ('running', 'done')),
  lease_until  timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  body_sha256  bytea,
  answer       bytea,
  PRIMARY KEY (tenant_id, principal_id, key_sha256),
  CHECK ((state = 'done') = (body_sha256 IS NOT NULL AND answer IS NOT NULL))
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (tenant_id, expires_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON idempotency_keys TO chancery_owner USING (true) WITH CHECK (true);
CREATE POLICY principal_only ON idempotency_keys TO chancery_app
  USING (tenant_id = current_tenant() AND principal_id = current_principal())
  WITH CHECK (tenant_id = current_tenant() AND principal_id = current_principal());
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO chancery_app;

-- The sweep runs for no principal in particular, and the policy above shows it nothing: this reaches the bound tenant's
-- keys, whose they may be, and can only remove those that ended.
CREATE FUNCTION expire_idempotency_keys(now_utc timestamptz) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH expired AS (
    DELETE FROM idempotency_keys WHERE tenant_id = current_tenant() AND expires_at < now_utc RETURNING 1)
  SELECT count(*)::int FROM expired
$$;
REVOKE ALL ON FUNCTION expire_idempotency_keys FROM public;
GRANT EXECUTE ON FUNCTION expire_idempotency_keys TO chancery_app;
