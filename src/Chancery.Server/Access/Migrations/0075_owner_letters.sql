-- Letters to owners that have yet to go. They outlive the organisation that they are about, so they belong to none: only the doors reach
-- them, and each is removed when it went or was given up.
CREATE TABLE owner_letters (
  letter_id  uuid        NOT NULL PRIMARY KEY,
  recipient  text        NOT NULL,
  subject    text        NOT NULL,
  body       text        NOT NULL,
  queued_at  timestamptz NOT NULL,
  -- Goes when that erasure is done, and not before.
  erasure_id uuid
);
CREATE INDEX owner_letters_of_erasure ON owner_letters (erasure_id) WHERE erasure_id IS NOT NULL;
