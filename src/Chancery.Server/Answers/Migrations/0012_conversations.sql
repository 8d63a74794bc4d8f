-- A question that was asked again, or edited, takes the place of an earlier one and leaves it readable: both stand in one
-- thread, which is named by its first question.
ALTER TABLE messages ADD COLUMN thread_id uuid;
UPDATE messages SET thread_id = coalesce(question_id, message_id);
ALTER TABLE messages ALTER COLUMN thread_id SET NOT NULL;
-- What a question was about and how it was to be answered: documents, tags, collections, temperature, max_tokens.
ALTER TABLE messages ADD COLUMN asked jsonb NOT NULL DEFAULT '{}';
CREATE INDEX messages_in_order ON messages (tenant_id, conversation_id, thread_id, message_id);

-- What somebody showed their colleagues of a conversation: a copy as it was, so that what is said later stays private.
CREATE TABLE conversation_shares (
  tenant_id       uuid        NOT NULL,
  share_id        uuid        NOT NULL,
  conversation_id uuid        NOT NULL,
  principal_id    uuid        NOT NULL,
  shared_by       text        NOT NULL,
  title           text        NOT NULL,
  turns           jsonb       NOT NULL,
  created_at      timestamptz NOT NULL,
  -- The conversation is deleted, and may come back.
  hidden_at       timestamptz,
  PRIMARY KEY (tenant_id, share_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
CREATE INDEX conversation_shares_of ON conversation_shares (tenant_id, conversation_id);
SELECT protect_tenant_table('conversation_shares');

-- As before (0005), and what was shared of an expired conversation is hidden with it.
CREATE OR REPLACE FUNCTION expire_conversations(untouched_since timestamptz, now_utc timestamptz) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH expired AS (
    UPDATE conversations SET deleted_at = now_utc
    WHERE tenant_id = current_tenant() AND deleted_at IS NULL AND updated_at < untouched_since
    RETURNING conversation_id),
  hidden AS (
    UPDATE conversation_shares AS s SET hidden_at = now_utc FROM expired AS e
    WHERE s.tenant_id = current_tenant() AND s.conversation_id = e.conversation_id)
  SELECT count(*)::int FROM expired
$$;

-- An organisation's own rule: what nobody touched since goes for good, deleted or not, with its messages and shares.
CREATE FUNCTION erase_conversations(untouched_since timestamptz) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH erased AS (
    DELETE FROM conversations
    WHERE tenant_id = current_tenant() AND updated_at < untouched_since
    RETURNING 1)
  SELECT count(*)::int FROM erased
$$;
REVOKE ALL ON FUNCTION erase_conversations FROM public;
GRANT EXECUTE ON FUNCTION erase_conversations TO chancery_app;
