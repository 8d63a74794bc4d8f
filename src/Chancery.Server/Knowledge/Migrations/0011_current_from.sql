-- Since when a version has been the one that search and answers use; null for one that never was. What was current at a
-- time in the past is the version with the latest such moment up to then: a document's current version only ever rises.
ALTER TABLE document_versions ADD COLUMN current_from timestamptz;

-- A version that finished after a newer one was ready never became current.
UPDATE document_versions AS v SET current_from = v.finished_at
WHERE v.state = 'ready'
  AND NOT EXISTS (
    SELECT 1 FROM document_versions AS newer
    WHERE newer.tenant_id = v.tenant_id AND newer.document_id = v.document_id AND newer.version > v.version
      AND newer.state = 'ready' AND newer.finished_at < v.finished_at);

-- What the lists of documents are sorted by.
CREATE INDEX documents_changed ON documents (tenant_id, updated_at DESC, document_id);
CREATE INDEX documents_by_title ON documents (tenant_id, lower(title), document_id);
