-- Who may read a document: with a list of its own, those whom that names; without, those whom its collection's names; without
-- either, everybody in the organisation. Owners and admins, and the server's own work, read everything (reads_everything).
ALTER TABLE collections ADD COLUMN list_id uuid;
ALTER TABLE documents ADD COLUMN list_id uuid;
CREATE INDEX collections_listed ON collections (tenant_id, list_id) WHERE list_id IS NOT NULL;
CREATE INDEX documents_listed ON documents (tenant_id, list_id) WHERE list_id IS NOT NULL;
CREATE INDEX documents_of_collection ON documents (tenant_id, collection_id);

-- When who may read what changed last.
CREATE INDEX knowledge_changes_of_readers ON knowledge_changes (tenant_id, revision) WHERE kind IN ('access', 'moved');

-- Deleted ones, too: their documents went elsewhere, but an index may not know yet.
CREATE FUNCTION hidden_collections() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.collection_id FROM collections AS c
  WHERE c.tenant_id = current_tenant() AND c.list_id IS NOT NULL AND c.list_id NOT IN (SELECT readable_lists())
$$;
REVOKE ALL ON FUNCTION hidden_collections FROM public;
GRANT EXECUTE ON FUNCTION hidden_collections TO chancery_app;

-- Without lists there is nothing to look at row by row.
CREATE FUNCTION has_no_lists() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT NOT (
    EXISTS (SELECT 1 FROM collections AS c WHERE c.tenant_id = current_tenant() AND c.list_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM documents AS d WHERE d.tenant_id = current_tenant() AND d.list_id IS NOT NULL))
$$;
REVOKE ALL ON FUNCTION has_no_lists FROM public;
GRANT EXECUTE ON FUNCTION has_no_lists TO chancery_app;

-- For reading only, and so for changing what was read: a row that must not be read is not there. The subqueries look at
-- nothing of the row, so that each is evaluated once for a statement.
CREATE POLICY readable ON collections AS RESTRICTIVE FOR SELECT TO chancery_app
  USING ((SELECT reads_everything()) OR (SELECT has_no_lists()) OR list_id IS NULL OR list_id IN (SELECT readable_lists()));
CREATE POLICY readable ON documents AS RESTRICTIVE FOR SELECT TO chancery_app
  USING ((SELECT reads_everything()) OR (SELECT has_no_lists())
    OR CASE WHEN list_id IS NULL THEN collection_id NOT IN (SELECT hidden_collections())
            ELSE list_id IN (SELECT readable_lists()) END);

-- What the reader must not read of all documents, for functions that no policy binds.
CREATE FUNCTION hidden_documents() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.document_id FROM documents AS d
  WHERE d.tenant_id = current_tenant() AND d.list_id IS NULL AND d.collection_id IN (SELECT hidden_collections())
  UNION ALL
  SELECT d.document_id FROM documents AS d
  WHERE d.tenant_id = current_tenant() AND d.list_id IS NOT NULL AND d.list_id NOT IN (SELECT readable_lists())
$$;
REVOKE ALL ON FUNCTION hidden_documents FROM public;
GRANT EXECUTE ON FUNCTION hidden_documents TO chancery_app;

-- What belongs to a document is read by those who read the document: its own policies decide. A lookup asks for its document alone;
-- where many rows are read PostgreSQL reads the documents once. (TenantDatabase switches compilation off: such a subquery makes
-- a scan look so dear that compiling it took longer than the scan.)
CREATE FUNCTION protect_document_table(target regclass) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format(
    'CREATE POLICY readable ON %1$s AS RESTRICTIVE FOR SELECT TO chancery_app USING ((SELECT reads_everything()) OR (SELECT has_no_lists()) OR EXISTS ('
    'SELECT 1 FROM documents AS d WHERE d.tenant_id = %1$s.tenant_id AND d.document_id = %1$s.document_id))', target);
END
$$;
REVOKE ALL ON FUNCTION protect_document_table FROM public;
SELECT protect_document_table('document_versions');
SELECT protect_document_table('document_sources');
SELECT protect_document_table('pages');
SELECT protect_document_table('chunks');
SELECT protect_document_table('chunk_places');
SELECT protect_document_table('imported_rows');

-- Whether any of these documents must not be read: for what was made of them earlier. One that is not there hides nothing.
CREATE FUNCTION hides_any(documents uuid[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT NOT reads_everything() AND EXISTS (
    SELECT 1 FROM documents AS d
    WHERE d.tenant_id = current_tenant() AND d.document_id = ANY (hides_any.documents)
      AND CASE WHEN d.list_id IS NULL THEN d.collection_id IN (SELECT hidden_collections())
               ELSE d.list_id NOT IN (SELECT readable_lists()) END)
$$;
REVOKE ALL ON FUNCTION hides_any FROM public;
GRANT EXECUTE ON FUNCTION hides_any TO chancery_app;

-- What an index in memory needs to leave out what the reader must not find: each document there is marked with its list or, without
-- one, with its collection. `hides` is false where nothing is kept from the reader; the marks are all that they may find.
CREATE FUNCTION reader_marks() RETURNS TABLE (hides boolean, marks uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH kept AS (
    SELECT NOT reads_everything() AND (
      EXISTS (SELECT hidden_collections())
      OR EXISTS (
        SELECT 1 FROM documents AS d
        WHERE d.tenant_id = current_tenant() AND d.list_id IS NOT NULL
          AND d.list_id NOT IN (SELECT readable_lists()))) AS hides)
  SELECT kept.hides,
         CASE WHEN kept.hides THEN ARRAY(
           SELECT c.collection_id FROM collections AS c
           WHERE c.tenant_id = current_tenant() AND c.collection_id NOT IN (SELECT hidden_collections())
           UNION SELECT readable_lists()
           ORDER BY 1) ELSE '{}' END
  FROM kept
$$;
REVOKE ALL ON FUNCTION reader_marks FROM public;
GRANT EXECUTE ON FUNCTION reader_marks TO chancery_app;

-- The functions of full text run as the owner, whom no policy binds: they look at the reader themselves. Words are counted in what
-- the reader may read, so that neither a rank nor a score tells of the rest.
CREATE OR REPLACE FUNCTION search_frequencies(words text[])
RETURNS TABLE (place int, passages int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT w.place::int,
         (SELECT count(*)::int FROM (
            SELECT FROM chunks AS c
            WHERE c.tenant_id = current_tenant() AND c.current AND c.tokens @@ w.word::tsquery
              AND ((SELECT reads_everything()) OR (SELECT has_no_lists()) OR c.document_id NOT IN (SELECT hidden_documents()))
            LIMIT 20000) AS found)
  FROM unnest(words) WITH ORDINALITY AS w(word, place)
$$;

CREATE OR REPLACE FUNCTION search_passages(
  query text, words text[], weights float8[], only_documents uuid[], only_tags text[], only_collections uuid[],
  made_from timestamptz, made_before timestamptz, max_rows int)
RETURNS TABLE (chunk_id uuid, score float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  -- Parsed once, not once for each candidate.
  WITH w AS MATERIALIZED (
    SELECT given.word::tsquery AS word, given.weight FROM unnest(words, weights) AS given(word, weight)
  ), whole AS MATERIALIZED (SELECT query::tsquery AS words)
  SELECT c.chunk_id,
         (SELECT coalesce(sum(w.weight), 0) FROM w WHERE c.tokens @@ w.word)
           + ts_rank_cd(c.tokens, (SELECT whole.words FROM whole), 32) AS score
  FROM chunks AS c
  WHERE c.tenant_id = current_tenant() AND c.current AND c.tokens @@ query::tsquery
    AND ((SELECT reads_everything()) OR (SELECT has_no_lists()) OR c.document_id NOT IN (SELECT hidden_documents()))
    AND (only_documents IS NULL OR c.document_id = ANY (only_documents))
    AND ((only_collections IS NULL AND only_tags IS NULL AND made_from IS NULL AND made_before IS NULL) OR EXISTS (
      SELECT 1 FROM documents AS d
      WHERE d.tenant_id = c.tenant_id AND d.document_id = c.document_id
        AND (only_collections IS NULL OR d.collection_id = ANY (only_collections))
        AND (only_tags IS NULL OR d.tags && only_tags)
        AND (made_from IS NULL OR d.created_at >= made_from)
        AND (made_before IS NULL OR d.created_at < made_before)))
  ORDER BY score DESC, c.chunk_id
  LIMIT max_rows
$$;
