-- Prompts that somebody had improved. They belong to a principal of a tenant, as conversations do: colleagues do not see each other's.
CREATE TABLE upgrades (
  tenant_id      uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  upgrade_id     uuid        NOT NULL,
  principal_id   uuid        NOT NULL,
  -- Of everything that was asked for: the same again may be given what came of it then.
  request_sha256 bytea       NOT NULL,
  outcome        text        NOT NULL CHECK (outcome IN ('upgraded', 'cached', 'original')),
  prompt         text        NOT NULL,
  result         jsonb       NOT NULL,
  -- What the model was shown: whoever may not read all of them any more does not see what it wrote.
  documents      uuid[]      NOT NULL DEFAULT '{}',
  -- The version of the instructions, and the use of it that a rollout counts; null for those as they were shipped.
  prompt_version text        NOT NULL,
  prompt_id      uuid        NOT NULL,
  run_id         uuid,
  rating         smallint    CHECK (rating IN (-1, 1)),
  comment        text,
  rated_at       timestamptz,
  created_at     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, upgrade_id)
);
CREATE INDEX upgrades_newest ON upgrades (tenant_id, principal_id, upgrade_id DESC);
CREATE INDEX upgrades_alike ON upgrades (tenant_id, principal_id, request_sha256, upgrade_id DESC) WHERE outcome = 'upgraded';
ALTER TABLE upgrades ENABLE ROW LEVEL SECURITY;
ALTER TABLE upgrades FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON upgrades TO chancery_owner USING (true) WITH CHECK (true);
CREATE POLICY principal_only ON upgrades TO chancery_app
  USING (tenant_id = current_tenant() AND principal_id = current_principal())
  WITH CHECK (tenant_id = current_tenant() AND principal_id = current_principal());
GRANT SELECT, INSERT, UPDATE, DELETE ON upgrades TO chancery_app;

-- Retention runs for no principal in particular, and the policy above shows it nothing.
CREATE FUNCTION erase_upgrades(made_before timestamptz) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH erased AS (
    DELETE FROM upgrades WHERE tenant_id = current_tenant() AND created_at < made_before
    RETURNING 1)
  SELECT count(*)::int FROM erased
$$;
REVOKE ALL ON FUNCTION erase_upgrades FROM public;
GRANT EXECUTE ON FUNCTION erase_upgrades TO chancery_app;
