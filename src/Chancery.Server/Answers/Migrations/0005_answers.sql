-- A conversation belongs to a principal of a tenant: a user, or a key. `name` is the caller's session_id and is
-- unique within that pair only.
CREATE TABLE conversations (
  tenant_id       uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  conversation_id uuid        NOT NULL,
  principal_id    uuid        NOT NULL,
  name            text        NOT NULL,
  title           text        NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  deleted_at      timestamptz,
  PRIMARY KEY (tenant_id, conversation_id)
);
CREATE UNIQUE INDEX conversations_by_name ON conversations (tenant_id, principal_id, name) WHERE deleted_at IS NULL;
CREATE INDEX conversations_newest ON conversations (tenant_id, principal_id, updated_at DESC);
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversations FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON conversations TO chancery_owner USING (true) WITH CHECK (true);
CREATE POLICY principal_only ON conversations TO chancery_app
  USING (tenant_id = current_tenant() AND principal_id = current_principal())
  WITH CHECK (tenant_id = current_tenant() AND principal_id = current_principal());
GRANT SELECT, INSERT, UPDATE, DELETE ON conversations TO chancery_app;

CREATE TABLE messages (
  tenant_id       uuid        NOT NULL,
  conversation_id uuid        NOT NULL,
  message_id      uuid        NOT NULL,
  principal_id    uuid        NOT NULL,
  role            text        NOT NULL CHECK (role IN ('user', 'assistant')),
  content         text        NOT NULL,
  -- answered, unsupported (nothing in the documents), partial (cut off), failed
  outcome         text        NOT NULL DEFAULT 'answered',
  model           text,
  citations       jsonb       NOT NULL DEFAULT '[]',
  usage           jsonb       NOT NULL DEFAULT '{}',
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, conversation_id, message_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON messages TO chancery_owner USING (true) WITH CHECK (true);
CREATE POLICY principal_only ON messages TO chancery_app
  USING (tenant_id = current_tenant() AND principal_id = current_principal())
  WITH CHECK (tenant_id = current_tenant() AND principal_id = current_principal());
GRANT SELECT, INSERT, UPDATE, DELETE ON messages TO chancery_app;
