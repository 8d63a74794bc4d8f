-- What a version of a prompt has to pass before anybody gets it. A shipped prompt may have one before it has rows.
CREATE TABLE prompt_gates (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  prompt_id    uuid        NOT NULL,
  -- Of evaluation, which knows it: a dataset that is gone lets nothing pass.
  dataset_id   uuid        NOT NULL,
  allowed_drop double precision NOT NULL CHECK (allowed_drop BETWEEN 0 AND 1),
  most_cost    double precision NOT NULL CHECK (most_cost BETWEEN 1 AND 1000),
  updated_by   uuid        NOT NULL,
  updated_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, prompt_id)
);
SELECT protect_tenant_table('prompt_gates');
