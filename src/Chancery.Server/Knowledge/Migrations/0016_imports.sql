-- Which row of which foreign table became which document: an import that was cut off goes on behind it, and can be undone.
CREATE TABLE imported_rows (
  tenant_id   uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  source      text        NOT NULL,                 -- the foreign table, as the import names it
  row_id      text        NOT NULL,
  import_id   uuid        NOT NULL,                 -- one run
  document_id uuid        NOT NULL,
  chunk_id    uuid        NOT NULL,
  model       text        NOT NULL,
  imported_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, source, row_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents ON DELETE CASCADE
);
CREATE INDEX imported_rows_of_document ON imported_rows (tenant_id, document_id);
SELECT protect_tenant_table('imported_rows');
