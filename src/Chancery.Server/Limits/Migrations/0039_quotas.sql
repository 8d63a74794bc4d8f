-- What an organisation used of its quotas of a month that count requests. One row for each quota and month: a request takes its place
-- by one statement, and no two can take the last one.
CREATE TABLE plan_usage (
  tenant_id uuid   NOT NULL REFERENCES tenants ON DELETE CASCADE,
  month     date   NOT NULL CHECK (extract(day FROM month) = 1),
  name      text   NOT NULL,
  used      bigint NOT NULL CHECK (used >= 0),
  PRIMARY KEY (tenant_id, month, name)
);
SELECT protect_tenant_table('plan_usage');

-- What running calls hold of the tokens of a month; their reservations in usage_entries tell it as input.
ALTER TABLE open_reservations ADD COLUMN amount_tokens bigint NOT NULL DEFAULT 0;

-- As before, and against what the plan lets models cost and take in a month, which the program knows.
DROP FUNCTION reserve_budget;
CREATE FUNCTION reserve_budget(known_epoch bigint, request uuid, who uuid, with_key uuid, part text, what text, asked text,
                               amount bigint, tokens bigint, reserved_at timestamptz, today date, until_utc timestamptz,
                               plan_nano bigint, plan_tokens bigint)
RETURNS TABLE (outcome text, capped_level text, capped_period text, cap bigint, used bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  month_start date := date_trunc('month', today);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('chancery.ledger/' || current_tenant()::text, 0));
  PERFORM 1 FROM ledger_state AS s WHERE s.epoch = known_epoch AND s.way = 'postgres' FOR SHARE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'stale', NULL, NULL, 0::bigint, 0::bigint;
    RETURN;
  END IF;

  IF EXISTS (SELECT FROM usage_entries AS e
             WHERE e.tenant_id = current_tenant() AND e.request_id = request AND e.event = 'reserved') THEN
    RETURN QUERY SELECT 'granted', NULL, NULL, 0::bigint, 0::bigint;
    RETURN;
  END IF;

  RETURN QUERY
  SELECT 'refused', b.level, b.period, b.cap_nano, u.nano
  FROM budgets AS b
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.nano), 0)::bigint AS nano
    FROM (SELECT d.cost_nano AS nano FROM usage_days AS d
          WHERE d.tenant_id = b.tenant_id AND d.day BETWEEN CASE b.period WHEN 'day' THEN today ELSE month_start END AND today
            AND (b.level = 'tenant' OR (b.level = 'user' AND d.user_id = who) OR (b.level = 'key' AND d.key_id = with_key))
          UNION ALL
          SELECT o.amount_nano FROM open_reservations AS o
          WHERE o.tenant_id = b.tenant_id AND o.day BETWEEN CASE b.period WHEN 'day' THEN today ELSE month_start END AND today
            AND (b.level = 'tenant' OR (b.level = 'user' AND o.user_id = who) OR (b.level = 'key' AND o.key_id = with_key))
         ) AS s
  ) AS u
  WHERE b.tenant_id = current_tenant() AND amount > 0
    AND (b.level = 'tenant' OR (b.level = 'user' AND b.subject_id = who) OR (b.level = 'key' AND b.subject_id = with_key))
    AND u.nano + amount > b.cap_nano
  ORDER BY b.level DESC, b.period, b.set_by
  LIMIT 1;
  IF FOUND THEN
    RETURN;
  END IF;

  IF plan_nano IS NOT NULL OR plan_tokens IS NOT NULL THEN
    RETURN QUERY
    WITH taken AS (
      SELECT coalesce(sum(s.nano), 0)::bigint AS nano, coalesce(sum(s.tokens), 0)::bigint AS tokens
      FROM (SELECT d.cost_nano AS nano, d.input + d.cache_read + d.cache_write + d.cache_write_hour + d.output AS tokens
            FROM usage_days AS d WHERE d.tenant_id = current_tenant() AND d.day BETWEEN month_start AND today
            UNION ALL
            SELECT o.amount_nano, o.amount_tokens
            FROM open_reservations AS o WHERE o.tenant_id = current_tenant() AND o.day BETWEEN month_start AND today) AS s
    )
    SELECT 'refused', p.level, 'month', p.most, p.taken
    FROM (SELECT 'plan' AS level, plan_nano AS most, t.nano AS taken, amount AS more FROM taken AS t
          UNION ALL
          SELECT 'quota', plan_tokens, t.tokens, reserve_budget.tokens FROM taken AS t) AS p
    WHERE p.more > 0 AND p.taken + p.more > p.most
    ORDER BY p.level LIMIT 1;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;

  IF amount > 0 AND EXISTS (SELECT FROM installation_budgets) THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('chancery.ledger/', 0));
    RETURN QUERY
    SELECT 'refused', 'installation', b.period, b.cap_nano, CASE b.period WHEN 'day' THEN s.day_nano ELSE s.month_nano END
    FROM installation_budgets AS b CROSS JOIN door_installation_spend(month_start, today) AS s
    WHERE CASE b.period WHEN 'day' THEN s.day_nano ELSE s.month_nano END + amount > b.cap_nano
    ORDER BY b.period LIMIT 1;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;

  INSERT INTO usage_entries (tenant_id, request_id, event, attempt, at, day, user_id, key_id, component, operation, provider,
    model, input, cache_read, cache_write, cache_write_hour, output, reasoning, estimated, cost_nano, billed, cache_hit, expires_at)
  VALUES (current_tenant(), request, 'reserved', 0, reserved_at, today, who, with_key, part, what, '', asked, tokens, 0, 0, 0, 0, 0,
          false, amount, true, false, until_utc);
  INSERT INTO open_reservations (tenant_id, request_id, day, user_id, key_id, amount_nano, amount_tokens, expires_at)
  VALUES (current_tenant(), request, today, who, coalesce(with_key, '00000000-0000-0000-0000-000000000000'), amount, tokens,
          until_utc);
  RETURN QUERY SELECT 'granted', NULL, NULL, 0::bigint, 0::bigint;
END
$$;
REVOKE ALL ON FUNCTION reserve_budget FROM public;
GRANT EXECUTE ON FUNCTION reserve_budget TO chancery_app;

-- An organisation that has as much work of a kind running as its plan allows: others go first until then.
ALTER TABLE work_turns ADD COLUMN resting_kind text;
ALTER TABLE work_turns ADD COLUMN resting_until timestamptz;

-- A share of a quota of a month that was reached, once for each.
CREATE TABLE limit_alerts (
  tenant_id uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name      text        NOT NULL,
  month     date        NOT NULL,
  percent   int         NOT NULL,
  most      bigint      NOT NULL,
  used      bigint      NOT NULL,
  at        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, name, month, percent)
);
SELECT protect_tenant_table('limit_alerts');

-- Where an organisation wants to be told of it. The secret signs what is sent, and is sealed by the tenant's data key.
CREATE TABLE alert_webhooks (
  tenant_id    uuid        NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  url          text        NOT NULL,
  secret       bytea       NOT NULL,
  changed_at   timestamptz NOT NULL,
  changed_by   uuid        NOT NULL,
  delivered_at timestamptz,
  failed_at    timestamptz,
  failure      text
);
SELECT protect_tenant_table('alert_webhooks');
