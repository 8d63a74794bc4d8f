-- What was said in a conversation before what is told again word for word, summed up: up to which place, of which documents, and
-- until when the server that is writing it is waited for.
ALTER TABLE conversations
  ADD COLUMN summary            text,
  ADD COLUMN summary_through    uuid,
  ADD COLUMN summary_documents  uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN summarising_until  timestamptz;

-- An answer may be stopped because of what it would have told.
ALTER TABLE messages DROP CONSTRAINT messages_outcome_check;
ALTER TABLE messages ADD CONSTRAINT messages_outcome_check
  CHECK (outcome IN ('answered', 'unsupported', 'partial', 'failed', 'blocked'));
