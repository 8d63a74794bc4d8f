-- Money: what was reserved, what was spent, and how much may be. usage_entries is the truth and only ever grows; usage_days and
-- open_reservations are sums of it that are kept in the same transactions, so that a month of a million calls is read at once.

-- One row for each reservation, each attempt of a call, and each end without one.
CREATE TABLE usage_entries (
  tenant_id        uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  request_id       uuid        NOT NULL,
  -- expired: nobody knows the end, so the reserved amount is booked. corrected: takes that back when the end is known after all.
  event            text        NOT NULL CHECK (event IN ('reserved', 'settled', 'released', 'expired', 'corrected')),
  attempt          int         NOT NULL,
  at               timestamptz NOT NULL,
  day              date        NOT NULL,          -- of the reservation, UTC: the window that the call belongs to
  user_id          uuid        NOT NULL,
  key_id           uuid,
  component        text        NOT NULL,
  operation        text        NOT NULL,
  provider         text        NOT NULL,
  model            text        NOT NULL,
  outcome          text,
  error_type       text,
  input            bigint      NOT NULL,
  cache_read       bigint      NOT NULL,
  cache_write      bigint      NOT NULL,
  cache_write_hour bigint      NOT NULL,
  output           bigint      NOT NULL,
  reasoning        bigint      NOT NULL,
  estimated        boolean     NOT NULL,
  cost_nano        bigint      NOT NULL,          -- of a reservation: the amount that is held
  billed           boolean     NOT NULL,
  latency_ms       int,
  first_part_ms    int,
  cache_hit        boolean     NOT NULL,
  expires_at       timestamptz,
  PRIMARY KEY (tenant_id, request_id, event, attempt)
);
CREATE INDEX usage_entries_by_time ON usage_entries (tenant_id, day, at, request_id, attempt)
  WHERE event IN ('settled', 'expired', 'corrected');
SELECT protect_tenant_table('usage_entries');
REVOKE UPDATE, DELETE ON usage_entries FROM chancery_app;

-- Sums of the above. No key is the zero id: columns of a primary key cannot be null.
CREATE TABLE usage_days (
  tenant_id        uuid   NOT NULL REFERENCES tenants ON DELETE CASCADE,
  day              date   NOT NULL,
  user_id          uuid   NOT NULL,
  key_id           uuid   NOT NULL,
  component        text   NOT NULL,
  operation        text   NOT NULL,
  provider         text   NOT NULL,
  model            text   NOT NULL,
  requests         bigint NOT NULL,
  attempts         bigint NOT NULL,
  failed           bigint NOT NULL,
  cache_hits       bigint NOT NULL,
  estimated        bigint NOT NULL,
  input            bigint NOT NULL,
  cache_read       bigint NOT NULL,
  cache_write      bigint NOT NULL,
  cache_write_hour bigint NOT NULL,
  output           bigint NOT NULL,
  reasoning        bigint NOT NULL,
  cost_nano        bigint NOT NULL,
  estimated_nano   bigint NOT NULL,
  unbilled_nano    bigint NOT NULL,
  latency_ms       bigint NOT NULL,
  PRIMARY KEY (tenant_id, day, user_id, key_id, component, operation, provider, model)
);
CREATE INDEX usage_days_of_all ON usage_days (day);
SELECT protect_tenant_table('usage_days');

CREATE TABLE open_reservations (
  tenant_id   uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  request_id  uuid        NOT NULL,
  day         date        NOT NULL,
  user_id     uuid        NOT NULL,
  key_id      uuid        NOT NULL,
  amount_nano bigint      NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, request_id)
);
CREATE INDEX open_reservations_by_end ON open_reservations (expires_at);
SELECT protect_tenant_table('open_reservations');

-- Caps. What the operator set is hard: the tenant may set lower ones beside it and can touch none of the operator's.
CREATE TABLE budgets (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  level      text        NOT NULL CHECK (level IN ('tenant', 'user', 'key')),
  subject_id uuid        NOT NULL,                -- the tenant itself, a person, or a key or OAuth client
  period     text        NOT NULL CHECK (period IN ('month', 'day')),
  set_by     text        NOT NULL CHECK (set_by IN ('operator', 'tenant')),
  cap_nano   bigint      NOT NULL CHECK (cap_nano BETWEEN 0 AND 4000000000000000),
  changed_at timestamptz NOT NULL,
  changed_by uuid,
  PRIMARY KEY (tenant_id, level, subject_id, period, set_by)
);
SELECT protect_tenant_table('budgets');

CREATE FUNCTION guard_hard_budget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'chancery_app'
     AND ((TG_OP <> 'INSERT' AND OLD.set_by = 'operator') OR (TG_OP <> 'DELETE' AND NEW.set_by = 'operator')) THEN
    RAISE EXCEPTION 'Only the operator changes a cap of the operator' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER guard_hard_budget BEFORE INSERT OR UPDATE OR DELETE ON budgets
  FOR EACH ROW EXECUTE FUNCTION guard_hard_budget();

-- A share of a cap that was reached, once for each window.
CREATE TABLE budget_alerts (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  level        text        NOT NULL,
  subject_id   uuid        NOT NULL,
  period       text        NOT NULL,
  window_start date        NOT NULL,
  percent      int         NOT NULL,
  cap_nano     bigint      NOT NULL,
  used_nano    bigint      NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, level, subject_id, period, window_start, percent)
);
SELECT protect_tenant_table('budget_alerts');

-- Of all tenants together.
CREATE TABLE installation_budgets (
  period     text        NOT NULL PRIMARY KEY CHECK (period IN ('month', 'day')),
  cap_nano   bigint      NOT NULL CHECK (cap_nano BETWEEN 0 AND 4000000000000000),
  changed_at timestamptz NOT NULL
);
GRANT SELECT ON installation_budgets TO chancery_app;

-- Where reservations are taken now. Each change of the way raises the epoch, and what counted under an older one counts no more.
CREATE TABLE ledger_state (
  only_one   boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (only_one),
  epoch      bigint      NOT NULL,
  way        text        NOT NULL CHECK (way IN ('redis', 'postgres')),
  changed_at timestamptz NOT NULL
);
INSERT INTO ledger_state (epoch, way, changed_at) VALUES (1, 'redis', now());
GRANT SELECT, UPDATE ON ledger_state TO chancery_app;

-- Servers that are running: everything that one had granted before copied_at is in usage_entries.
CREATE TABLE ledger_processes (
  process_id uuid        NOT NULL PRIMARY KEY,
  epoch      bigint      NOT NULL,
  copied_at  timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger_processes TO chancery_app;

-- Reserves where Redis does not answer: exact, because a tenant's reservations wait for each other. Each statement in here sees
-- what was committed before it began, which one single statement would not.
CREATE FUNCTION reserve_budget(known_epoch bigint, request uuid, who uuid, with_key uuid, part text, what text, asked text,
                               amount bigint, reserved_at timestamptz, today date, until_utc timestamptz)
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
  WHERE b.tenant_id = current_tenant()
    AND (b.level = 'tenant' OR (b.level = 'user' AND b.subject_id = who) OR (b.level = 'key' AND b.subject_id = with_key))
    AND u.nano + amount > b.cap_nano
  ORDER BY b.level DESC, b.period, b.set_by
  LIMIT 1;
  IF FOUND THEN
    RETURN;
  END IF;

  IF EXISTS (SELECT FROM installation_budgets) THEN
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
  VALUES (current_tenant(), request, 'reserved', 0, reserved_at, today, who, with_key, part, what, '', asked, 0, 0, 0, 0, 0, 0,
          false, amount, true, false, until_utc);
  INSERT INTO open_reservations (tenant_id, request_id, day, user_id, key_id, amount_nano, expires_at)
  VALUES (current_tenant(), request, today, who, coalesce(with_key, '00000000-0000-0000-0000-000000000000'), amount, until_utc);
  RETURN QUERY SELECT 'granted', NULL, NULL, 0::bigint, 0::bigint;
END
$$;
REVOKE ALL ON FUNCTION reserve_budget FROM public;
GRANT EXECUTE ON FUNCTION reserve_budget TO chancery_app;
