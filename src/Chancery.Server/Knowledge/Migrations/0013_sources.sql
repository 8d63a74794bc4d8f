-- Documents from addresses on the web, work that is open once for each subject, and passages that wait for their vectors.

-- A version whose file is still to be fetched has none yet.
ALTER TABLE document_versions ALTER COLUMN blob_sha256 DROP NOT NULL;
ALTER TABLE document_versions DROP CONSTRAINT document_versions_state_check;
ALTER TABLE document_versions
  ADD CONSTRAINT document_versions_state_check CHECK (state IN
    ('stored', 'fetching', 'queued', 'reading', 'cutting', 'embedding', 'ready', 'failed')),
  ADD CONSTRAINT document_versions_file_check CHECK (blob_sha256 IS NOT NULL OR state IN ('fetching', 'failed')),
  -- When this run of reading began, and after how many pages: what is left is estimated from it alone.
  ADD COLUMN read_since timestamptz,
  ADD COLUMN read_from int NOT NULL DEFAULT 0,
  -- Passages of the current version that wait for a vector; null where nothing waits for any.
  ADD COLUMN vectors_missing int;

-- Where a document came from, and what became of the last attempt to fetch it.
CREATE TABLE document_sources (
  tenant_id      uuid        NOT NULL,
  document_id    uuid        NOT NULL,
  url            text        NOT NULL,
  state          text        NOT NULL CHECK (state IN ('fetching', 'fetched', 'unchanged', 'failed')),
  process        boolean     NOT NULL,            -- whether what was fetched is read at once
  failure_code   text,
  failure_reason text,
  -- What the server gave to ask by next time, the address that gave it, and the version that it gave it for.
  version        int,
  final_url      text,
  etag           text,
  last_modified  timestamptz,
  requested_by   uuid        NOT NULL,
  requested_at   timestamptz NOT NULL,
  checked_at     timestamptz,
  PRIMARY KEY (tenant_id, document_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents ON DELETE CASCADE
);
SELECT protect_tenant_table('document_sources');

-- Open work is there once for each subject. Asked for again while it runs, it runs once more when it has ended.
ALTER TABLE work_items ADD COLUMN again boolean NOT NULL DEFAULT false;
UPDATE work_items AS w
SET state = 'done', lease_owner = NULL, lease_until = NULL, finished_at = now()
WHERE w.state IN ('queued', 'running') AND EXISTS (
  SELECT 1 FROM work_items AS earlier
  WHERE earlier.tenant_id = w.tenant_id AND earlier.kind = w.kind AND earlier.subject = w.subject
    AND earlier.state IN ('queued', 'running') AND earlier.work_id < w.work_id);
CREATE UNIQUE INDEX work_items_of_subject ON work_items (tenant_id, kind, subject) WHERE state IN ('queued', 'running');
