-- Which model an organisation asks by default, and which its people may ask. Two lists: the organisation's own, and the operator's,
-- which it cannot change; a model has to be on both. No row, or null, leaves all of it to the installation.
CREATE TABLE model_policies (
  tenant_id        uuid        NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  default_model    text,                          -- a model or a chain
  allowed_models   text[],
  operator_models  text[],
  changed_at       timestamptz NOT NULL,
  changed_by       uuid                           -- a person; null for the operator
);
SELECT protect_tenant_table('model_policies');
