-- How answers ended, counted and without anything that was said: conversations are private, and the policy of messages shows each
-- person their own only. Of the bound tenant; of one principal where it is named.
CREATE INDEX messages_by_time ON messages (tenant_id, created_at) WHERE role = 'assistant';
CREATE FUNCTION answer_outcomes(since timestamptz, who uuid) RETURNS TABLE (outcome text, answers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT m.outcome, count(*)
  FROM messages AS m
  WHERE m.tenant_id = current_tenant() AND m.role = 'assistant' AND m.created_at >= since
    AND (who IS NULL OR m.principal_id = who)
  GROUP BY m.outcome ORDER BY m.outcome
$$;
REVOKE ALL ON FUNCTION answer_outcomes FROM public;
GRANT EXECUTE ON FUNCTION answer_outcomes TO chancery_app;
