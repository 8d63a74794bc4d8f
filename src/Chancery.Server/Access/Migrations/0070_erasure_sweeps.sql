-- What came late, after an erasure was done, is removed and counted: since when, and whether the receipt has yet to be signed with it.
ALTER TABLE erasure_receipts ADD COLUMN amended_at timestamptz;
ALTER TABLE erasure_receipts ADD COLUMN is_unsigned boolean NOT NULL DEFAULT false;
