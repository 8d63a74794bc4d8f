-- What whoever asked thinks of an answer: thumbs up (1) or down (-1), and in words why.
ALTER TABLE messages
  ADD COLUMN rating smallint CHECK (rating IN (-1, 1)),
  ADD COLUMN comment text,
  ADD COLUMN rated_at timestamptz,
  ADD CONSTRAINT messages_rated CHECK ((rating IS NULL) = (rated_at IS NULL) AND (comment IS NULL OR rating IS NOT NULL));
