-- Which embedding model an organisation is searched with, by the name under which its vectors are kept. A row of its own: who
-- publishes passages holds it shared, who changes the model alone, so that nothing is published past a change.
CREATE TABLE tenant_models (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  serving   text,                                   -- null until there was one: then the installation's
  chosen    text                                    -- null follows the installation
);
INSERT INTO tenant_models (tenant_id) SELECT tenant_id FROM tenants;
SELECT protect_tenant_table('tenant_models');

-- From one model to another. While one runs, the former serves and the other's vectors are made beside.
CREATE TABLE model_changes (
  tenant_id      uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  change_id      uuid        NOT NULL,              -- version 7: in the order of time
  from_model     text        NOT NULL,
  to_model       text        NOT NULL,
  -- done: it serves. forced: it serves without its vectors, as the former model could not be had any more.
  state          text        NOT NULL CHECK (state IN ('running', 'done', 'forced', 'cancelled', 'failed')),
  started_by     uuid,                              -- null: the installation's model changed
  started_at     timestamptz NOT NULL,
  ended_at       timestamptz,
  passages       int         NOT NULL DEFAULT 0,
  done           int         NOT NULL DEFAULT 0,
  refused        int         NOT NULL DEFAULT 0,    -- passages that the model does not take
  -- The present run, for its speed: since when, from how many, and when the last came.
  run_since      timestamptz,
  run_from       int         NOT NULL DEFAULT 0,
  progress_at    timestamptz,
  waiting        text,                              -- why it does not go on, for a person
  waiting_since  timestamptz,
  failure        text,
  kept_until     timestamptz,                       -- then the former model's vectors are removed
  removed_at     timestamptz,                       -- what it left was removed
  PRIMARY KEY (tenant_id, change_id)
);
CREATE UNIQUE INDEX model_changes_running ON model_changes (tenant_id) WHERE state = 'running';
SELECT protect_tenant_table('model_changes');
