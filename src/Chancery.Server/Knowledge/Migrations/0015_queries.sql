-- What was searched for and what was found, for whoever improves search: never what conversations asked. Erased with the
-- tenant, and after QUERY_LOG_DAYS.
CREATE TABLE search_queries (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  query_id     uuid        NOT NULL,              -- version 7: in the order of time
  -- Who: the person, or the key and whoever made it.
  principal_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  source       text        NOT NULL CHECK (source IN ('search', 'compatible')),
  query        text        NOT NULL,
  wish         jsonb       NOT NULL,              -- limit, threshold, filters
  mode         text        NOT NULL,
  engine       text        NOT NULL,
  note         text,
  results      jsonb       NOT NULL,              -- [{chunk_id, document_id, page, score}, …], best first
  stages       jsonb       NOT NULL,              -- milliseconds by stage
  total_ms     float8      NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, query_id)
);
CREATE INDEX search_queries_of_user ON search_queries (tenant_id, user_id, query_id);
SELECT protect_tenant_table('search_queries');

-- What each tenant's calls had encoded, by day (UTC).
CREATE TABLE embedding_usage (
  tenant_id uuid   NOT NULL REFERENCES tenants ON DELETE CASCADE,
  day       date   NOT NULL,
  calls     bigint NOT NULL,
  texts     bigint NOT NULL,
  tokens    bigint NOT NULL,
  PRIMARY KEY (tenant_id, day)
);
SELECT protect_tenant_table('embedding_usage');
