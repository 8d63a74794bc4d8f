-- Answers that whoever asked gave away for evaluation, with their question: a copy, which goes when they take that back, or when the
-- conversation goes for good. Everybody in the organisation who makes datasets may see it; who asked is not told.
CREATE TABLE shared_answers (
  tenant_id       uuid        NOT NULL,
  shared_id       uuid        NOT NULL,
  conversation_id uuid        NOT NULL,
  message_id      uuid        NOT NULL,
  question        text        NOT NULL,
  answer          text        NOT NULL,
  rating          smallint    NOT NULL CHECK (rating IN (-1, 1)),
  comment         text,
  places          jsonb       NOT NULL DEFAULT '[]',
  -- What the answer cites: whoever may not read all of them does not see it.
  documents       uuid[]      NOT NULL DEFAULT '{}',
  shared_at       timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, shared_id),
  UNIQUE (tenant_id, conversation_id, message_id),
  FOREIGN KEY (tenant_id, conversation_id, message_id) REFERENCES messages ON DELETE CASCADE
);
SELECT protect_tenant_table('shared_answers');
