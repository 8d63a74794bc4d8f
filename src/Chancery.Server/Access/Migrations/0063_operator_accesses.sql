-- The operator's access to an organisation's content, for a while and for a reason; what is over stays, for the organisation to see.
CREATE TABLE operator_accesses (
  tenant_id     uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  access_id     uuid        NOT NULL,
  -- Null for the token of the setting, and for whoever sits at the machine.
  operator_id   uuid,
  operator_name text        NOT NULL,
  reason        text        NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  ended_at      timestamptz,
  -- Who ended it before its time.
  ended_by      text        CHECK (ended_by IN ('operator', 'organization')),
  requests      bigint      NOT NULL DEFAULT 0,
  last_used_at  timestamptz,
  PRIMARY KEY (tenant_id, access_id)
);
SELECT protect_tenant_table('operator_accesses');
-- Nobody takes out of the list what was done.
REVOKE UPDATE, DELETE ON operator_accesses FROM chancery_app;
GRANT UPDATE (ended_at, ended_by, requests, last_used_at) ON operator_accesses TO chancery_app;
