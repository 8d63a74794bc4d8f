-- A named set of documents. Each document is in exactly one; a new tenant has one, the default.
CREATE TABLE collections (
  tenant_id     uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  collection_id uuid        NOT NULL,
  name          text        NOT NULL,
  description   text        NOT NULL DEFAULT '',
  is_default    boolean     NOT NULL DEFAULT false,
  created_by    uuid        NOT NULL,
  created_at    timestamptz NOT NULL,
  deleted_at    timestamptz,
  PRIMARY KEY (tenant_id, collection_id)
);
CREATE UNIQUE INDEX collections_by_name ON collections (tenant_id, lower(name)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX collections_default ON collections (tenant_id) WHERE is_default;
SELECT protect_tenant_table('collections');

CREATE TABLE documents (
  tenant_id       uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  document_id     uuid        NOT NULL,
  collection_id   uuid        NOT NULL,
  path            text        NOT NULL,           -- the name that it was uploaded under
  title           text        NOT NULL,
  author          text        NOT NULL DEFAULT '',
  tags            text[]      NOT NULL DEFAULT '{}',
  source_url      text,
  -- The version that search and answers use; null until one is ready.
  current_version int,
  latest_version  int         NOT NULL,
  created_by      uuid        NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  deleted_at      timestamptz,
  PRIMARY KEY (tenant_id, document_id),
  FOREIGN KEY (tenant_id, collection_id) REFERENCES collections
);
CREATE INDEX documents_newest ON documents (tenant_id, created_at DESC, document_id);
CREATE INDEX documents_tags ON documents USING gin (tags);
SELECT protect_tenant_table('documents');

CREATE TABLE document_versions (
  tenant_id      uuid        NOT NULL,
  document_id    uuid        NOT NULL,
  version        int         NOT NULL,
  blob_sha256    bytea       NOT NULL,
  file_name      text        NOT NULL,
  media_type     text        NOT NULL,
  file_size      bigint      NOT NULL,
  page_count     int,
  pages_done     int         NOT NULL DEFAULT 0,
  chunk_count    int,
  -- stored: waits for POST …/process. queued → reading → cutting → embedding → ready, or failed with a reason.
  state          text        NOT NULL CHECK (state IN
                   ('stored', 'queued', 'reading', 'cutting', 'embedding', 'ready', 'failed')),
  failure_code   text,
  failure_reason text,
  uploaded_by    uuid        NOT NULL,
  uploaded_at    timestamptz NOT NULL,
  started_at     timestamptz,
  finished_at    timestamptz,
  PRIMARY KEY (tenant_id, document_id, version),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents ON DELETE CASCADE
);
CREATE INDEX document_versions_blob ON document_versions (tenant_id, blob_sha256);
SELECT protect_tenant_table('document_versions');

CREATE TABLE pages (
  tenant_id   uuid  NOT NULL,
  document_id uuid  NOT NULL,
  version     int   NOT NULL,
  page        int   NOT NULL,
  text_sha256 bytea NOT NULL,
  text        text  NOT NULL,
  width       real  NOT NULL,
  height      real  NOT NULL,
  words       bytea NOT NULL,                     -- WordBoxes
  blocks      jsonb NOT NULL,                     -- [[kind, start, length, level], …]
  PRIMARY KEY (tenant_id, document_id, version, page),
  FOREIGN KEY (tenant_id, document_id, version) REFERENCES document_versions ON DELETE CASCADE
);
SELECT protect_tenant_table('pages');

-- A chunk is its text: a new version that repeats it reuses the row, its tokens and its vectors.
-- `current` says that the document's current version holds it and the document is not deleted: what search may see.
CREATE TABLE chunks (
  tenant_id     uuid    NOT NULL,
  chunk_id      uuid    NOT NULL,
  document_id   uuid    NOT NULL,
  hash          bytea   NOT NULL,
  occurrence    int     NOT NULL,
  heading       text    NOT NULL,
  text          text    NOT NULL,
  token_count   int     NOT NULL,
  current       boolean NOT NULL DEFAULT false,
  tokens        tsvector NOT NULL,
  PRIMARY KEY (tenant_id, chunk_id),
  UNIQUE (tenant_id, document_id, hash, occurrence),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents ON DELETE CASCADE
);
CREATE INDEX chunks_full_text ON chunks USING gin (tenant_id, tokens) WHERE current;
SELECT protect_tenant_table('chunks');

-- Where a chunk stands in one version.
CREATE TABLE chunk_places (
  tenant_id   uuid NOT NULL,
  document_id uuid NOT NULL,
  version     int  NOT NULL,
  ordinal     int  NOT NULL,
  chunk_id    uuid NOT NULL,
  page        int  NOT NULL,
  start_char  int  NOT NULL,                      -- in pages.text, UTF-16 code units
  end_char    int  NOT NULL,
  PRIMARY KEY (tenant_id, document_id, version, ordinal),
  FOREIGN KEY (tenant_id, document_id, version) REFERENCES document_versions ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, chunk_id) REFERENCES chunks ON DELETE CASCADE
);
CREATE INDEX chunk_places_of_chunk ON chunk_places (tenant_id, chunk_id, version);
SELECT protect_tenant_table('chunk_places');

-- Raised by the last statement of every transaction that changes what search can see: the row lock makes it
-- gap-free in commit order; the random token tells a restored database from the one that was ahead of it.
CREATE TABLE knowledge_revisions (
  tenant_id uuid   NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  revision  bigint NOT NULL,
  token     uuid   NOT NULL
);
SELECT protect_tenant_table('knowledge_revisions');

CREATE TABLE knowledge_changes (
  tenant_id   uuid        NOT NULL,
  revision    bigint      NOT NULL,
  token       uuid        NOT NULL,
  kind        text        NOT NULL,               -- version, deleted, restored, tags, title, moved, vectors
  document_id uuid        NOT NULL,
  added       uuid[]      NOT NULL DEFAULT '{}',  -- chunks that became current
  removed     uuid[]      NOT NULL DEFAULT '{}',  -- chunks that stopped being current
  changed_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, revision)
);
SELECT protect_tenant_table('knowledge_changes');
