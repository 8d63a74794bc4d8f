-- Whole organisations leave as archives and come in again.

-- Who in the bound tenant has rows that only they see: an export reads them as each of them in turn. Ids, and nothing that they have.
CREATE FUNCTION principals_of_private_rows() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.principal_id FROM conversations AS c WHERE c.tenant_id = current_tenant()
  UNION
  SELECT u.principal_id FROM upgrades AS u WHERE u.tenant_id = current_tenant()
  ORDER BY 1
$$;
REVOKE ALL ON FUNCTION principals_of_private_rows FROM public;
GRANT EXECUTE ON FUNCTION principals_of_private_rows TO chancery_app;

-- By whose keys the heads of an imported chain were signed, up to the last entry that came with it. They vouch for that tenant's
-- chain and no other, and for nothing that was written here.
CREATE TABLE audit_imported_keys (
  tenant_id   uuid        NOT NULL,
  key_id      text        NOT NULL,
  public_key  bytea       NOT NULL,              -- SubjectPublicKeyInfo
  through     bigint      NOT NULL,
  imported_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key_id)
);
SELECT protect_tenant_table('audit_imported_keys');
REVOKE UPDATE, DELETE ON audit_imported_keys FROM chancery_app;
