-- What was said in a conversation before what is told again word for word, summed up: up to which place, of which documents, and
-- until when the server that is writing it is waited for.
ALTER TABLE conversations
  ADD COLUMN summary            text,
  ADD COLUMN summary_through    uuid,
  ADD COLUMN summary_documents  uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN summarising_until  timestamptz;
