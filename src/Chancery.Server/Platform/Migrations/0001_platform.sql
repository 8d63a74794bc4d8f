-- The tenant and the principal that the running transaction is bound to. Both guards are needed: an unset custom
-- setting is an error without missing_ok, and an empty string on a pooled connection that once served a tenant.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('chancery.tenant', true), '')::uuid $$;

CREATE FUNCTION current_principal() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('chancery.principal', true), '')::uuid $$;

-- Both walls of a tenant-owned table in one call: the application sees the bound tenant's rows, the owner's
-- SECURITY DEFINER functions see all (without the second policy they would find nothing, or lose the index).
CREATE FUNCTION protect_tenant_table(target regclass) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY tenant_only ON %s TO chancery_app '
    'USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', target);
  EXECUTE format('CREATE POLICY owner_all ON %s TO chancery_owner USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO chancery_app', target);
END
$$;
REVOKE ALL ON FUNCTION protect_tenant_table FROM public;

-- Work that outlives a request. Claimed through door_claim_work, by lease, tenants in turn.
CREATE TABLE work_items (
  tenant_id     uuid        NOT NULL,
  work_id       uuid        NOT NULL,
  kind          text        NOT NULL,
  subject       jsonb       NOT NULL,
  state         text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
  attempts      int         NOT NULL DEFAULT 0,
  run_after     timestamptz NOT NULL,
  lease_owner   text,
  lease_until   timestamptz,
  last_error    text,
  created_at    timestamptz NOT NULL,
  finished_at   timestamptz,
  PRIMARY KEY (tenant_id, work_id)
);
CREATE INDEX work_items_open ON work_items (run_after) WHERE state IN ('queued', 'running');
SELECT protect_tenant_table('work_items');

-- When a worker last took something of this tenant: whoever waited longest goes first.
CREATE TABLE work_turns (
  tenant_id     uuid        NOT NULL PRIMARY KEY,
  last_claim_at timestamptz NOT NULL
);
SELECT protect_tenant_table('work_turns');

-- Keys of the installation, wrapped by the master key: token signing ('signing') and the framework's data
-- protection ('data-protection'). They belong to no tenant.
CREATE TABLE installation_keys (
  purpose     text        NOT NULL,
  key_id      text        NOT NULL,
  wrapped     bytea       NOT NULL,
  public_part jsonb,
  created_at  timestamptz NOT NULL,
  retired_at  timestamptz,
  PRIMARY KEY (purpose, key_id)
);
GRANT SELECT, INSERT, UPDATE ON installation_keys TO chancery_app;
