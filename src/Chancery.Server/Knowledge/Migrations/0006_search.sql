-- Full text behind row-level security: `@@` is not leakproof, so a policy would make PostgreSQL read all of the tenant's
-- rows instead of the index. These two run as the owner and take the tenant from the session, never from an argument.

-- How many current passages hold each word, by its place in the list; counting stops where a word is common anyway.
CREATE FUNCTION search_frequencies(words text[])
RETURNS TABLE (place int, passages int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT w.place::int,
         (SELECT count(*)::int FROM (
            SELECT FROM chunks AS c
            WHERE c.tenant_id = current_tenant() AND c.current AND c.tokens @@ w.word::tsquery
            LIMIT 20000) AS found)
  FROM unnest(words) WITH ORDINALITY AS w(word, place)
$$;
REVOKE ALL ON FUNCTION search_frequencies FROM public;
GRANT EXECUTE ON FUNCTION search_frequencies TO chancery_app;

-- The candidates of a query: each word that a passage holds counts by its weight (how rare it is), then how close the
-- words stand. Null filters let everything through.
CREATE FUNCTION search_passages(
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
REVOKE ALL ON FUNCTION search_passages FROM public;
GRANT EXECUTE ON FUNCTION search_passages TO chancery_app;
