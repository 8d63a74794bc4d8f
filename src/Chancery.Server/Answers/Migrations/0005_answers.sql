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
  -- Messages up to here are kept but no longer remembered.
  reset_at        timestamptz,
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
  -- Which question an answer is to: others may have been asked before it was ready.
  question_id     uuid        CHECK ((question_id IS NULL) = (role = 'user')),
  -- answered, unsupported (nothing in the documents), partial (cut off), failed
  outcome         text        NOT NULL DEFAULT 'answered'
                  CHECK (outcome IN ('answered', 'unsupported', 'partial', 'failed')),
  model           text,
  degraded        boolean     NOT NULL DEFAULT false,
  citations       jsonb       NOT NULL DEFAULT '[]',
  -- Sentences of the answer that no passage supports.
  unsupported     jsonb       NOT NULL DEFAULT '[]',
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

-- Retention runs for no principal in particular, and the policy above shows it nothing: this reaches the bound tenant's
-- conversations, whose they may be, and can only mark them deleted.
CREATE FUNCTION expire_conversations(untouched_since timestamptz, now_utc timestamptz) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH expired AS (
    UPDATE conversations SET deleted_at = now_utc
    WHERE tenant_id = current_tenant() AND deleted_at IS NULL AND updated_at < untouched_since
    RETURNING 1)
  SELECT count(*)::int FROM expired
$$;
REVOKE ALL ON FUNCTION expire_conversations FROM public;
GRANT EXECUTE ON FUNCTION expire_conversations TO chancery_app;
