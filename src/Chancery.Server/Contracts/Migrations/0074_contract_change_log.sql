-- The last changes of an organisation's contracts. The token tells a number from the same one in a past that was lost, so that what is kept
-- beside the database, as a vector set, knows whether it may build on what it has.
CREATE TABLE contract_change_log (
  tenant_id uuid   NOT NULL REFERENCES tenants ON DELETE CASCADE,
  change    bigint NOT NULL,
  token     uuid   NOT NULL,
  PRIMARY KEY (tenant_id, change)
);
SELECT protect_tenant_table('contract_change_log');
INSERT INTO contract_change_log (tenant_id, change, token) SELECT tenant_id, change, gen_random_uuid() FROM contract_changes;
