-- The doors: what must be read before a tenant is known, or across tenants, and nothing else. Each returns ids,
-- hashes and states, never content. A test lists them all. Applied whenever this file changed.

-- Sign-in.
CREATE OR REPLACE FUNCTION door_user_by_email(wanted text)
RETURNS TABLE (user_id uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.user_id, u.password_hash FROM users AS u WHERE lower(u.email) = lower(wanted)
$$;

-- The tenants that a user whose password or session was verified may choose from.
CREATE OR REPLACE FUNCTION door_memberships(wanted uuid)
RETURNS TABLE (tenant_id uuid, tenant_name text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT m.tenant_id, t.name, m.role
  FROM memberships AS m JOIN tenants AS t USING (tenant_id)
  WHERE m.user_id = wanted AND m.status = 'active' AND t.status = 'active'
  ORDER BY m.created_at, m.tenant_id
$$;

-- Whether an account is an organisation's own to do something about: it came into being there, and its person never belonged to
-- another one, be that suspended by now or left. Nobody decides about the account of a person who is, or was, another's.
DROP FUNCTION IF EXISTS door_other_memberships(uuid, uuid);
CREATE OR REPLACE FUNCTION door_is_own_account(wanted uuid, here uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = wanted AND u.made_by = here)
     AND NOT EXISTS (SELECT 1 FROM memberships AS m WHERE m.user_id = wanted AND m.tenant_id <> here)
$$;

-- Everything that decides whether a session still counts: its own state, the membership's and the tenant's.
DROP FUNCTION IF EXISTS door_session(uuid);
CREATE OR REPLACE FUNCTION door_session(wanted uuid)
RETURNS TABLE (tenant_id uuid, session_id uuid, user_id uuid, secret_hash bytea, kind text, email text, user_name text,
               tenant_name text, plan text, role text, last_seen_at timestamptz, expires_at timestamptz,
               client_id text, scopes text[], audience text, methods text[], authenticated_at timestamptz,
               second_factor_from timestamptz, confined boolean, issuer text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id, s.session_id, s.user_id, s.secret_hash, s.kind, u.email, u.name, t.name, t.plan, m.role,
         s.last_seen_at, s.expires_at, s.client_id, s.scopes, s.audience, s.methods, s.authenticated_at,
         CASE WHEN p.second_factor = 'required' AND NOT s.methods && ARRAY['mfa', 'issuer'] THEN p.required_from END, s.confined,
         s.issuer
  FROM sessions AS s
  JOIN users AS u USING (user_id)
  JOIN tenants AS t ON t.tenant_id = s.tenant_id AND t.status = 'active'
  JOIN memberships AS m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id AND m.status = 'active'
  LEFT JOIN sign_in_policies AS p
    ON p.tenant_id = s.tenant_id AND (p.applies_to = 'everybody' OR m.role IN ('owner', 'admin'))
  WHERE s.session_id = wanted AND s.revoked_at IS NULL
$$;

CREATE OR REPLACE FUNCTION door_refresh_token(wanted bytea)
RETURNS TABLE (tenant_id uuid, session_id uuid, used_at timestamptz, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.tenant_id, r.session_id, r.used_at, r.expires_at FROM refresh_tokens AS r WHERE r.token_hash = wanted
$$;

-- Makes room for one more sign-in of a person, for one caller at a time until its transaction ends: so many at once end with
-- exactly as many as may be. Answers nothing when there is room. Else the oldest end here and are named, or, where they do
-- not give way, those that are open are named. Sign-ins by an organisation's own issuer have places of their own in it: it says
-- who the person is to nobody else, and takes no place and ends no sign-in elsewhere.
DROP FUNCTION IF EXISTS door_take_place(uuid, int, boolean, uuid, timestamptz);
CREATE OR REPLACE FUNCTION door_take_place(person uuid, most int, oldest_gives_way boolean, replaced uuid,
                                           now_utc timestamptz, confined_to uuid)
RETURNS TABLE (tenant_id uuid, session_id uuid, ended boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  taken int;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('chancery.session-places/' || person::text, 0));
  SELECT count(*) INTO taken
  FROM sessions AS s
  WHERE s.user_id = person AND s.idle_seconds IS NOT NULL AND s.revoked_at IS NULL AND s.expires_at > now_utc
    AND s.session_id IS DISTINCT FROM replaced
    AND CASE WHEN confined_to IS NULL THEN NOT s.confined ELSE s.confined AND s.tenant_id = confined_to END;
  IF taken < most THEN
    RETURN;
  END IF;

  IF NOT oldest_gives_way THEN
    RETURN QUERY
    SELECT s.tenant_id, s.session_id, false
    FROM sessions AS s
    WHERE s.user_id = person AND s.idle_seconds IS NOT NULL AND s.revoked_at IS NULL AND s.expires_at > now_utc
      AND s.session_id IS DISTINCT FROM replaced
      AND CASE WHEN confined_to IS NULL THEN NOT s.confined ELSE s.confined AND s.tenant_id = confined_to END
    ORDER BY s.session_id;
    RETURN;
  END IF;

  RETURN QUERY
  UPDATE sessions AS s
  SET revoked_at = now_utc
  FROM (
    SELECT o.tenant_id, o.session_id
    FROM sessions AS o
    WHERE o.user_id = person AND o.idle_seconds IS NOT NULL AND o.revoked_at IS NULL AND o.expires_at > now_utc
      AND o.session_id IS DISTINCT FROM replaced
      AND CASE WHEN confined_to IS NULL THEN NOT o.confined ELSE o.confined AND o.tenant_id = confined_to END
    ORDER BY o.created_at, o.session_id
    LIMIT taken - most + 1
  ) AS oldest
  WHERE s.tenant_id = oldest.tenant_id AND s.session_id = oldest.session_id
  RETURNING s.tenant_id, s.session_id, true;
END
$$;

-- A key counts only while its maker is a member, or its service account is enabled, and never for more than that one's present
-- role allows (owner_role, null where it counts no more). Found by the secret that it has or, for a while, had.
CREATE OR REPLACE FUNCTION door_api_key(wanted text)
RETURNS TABLE (tenant_id uuid, key_id uuid, name text, secret_mac bytea, pepper_version int, role text, user_id uuid,
               owner_role text, tenant_name text, plan text, expires_at timestamptz, revoked_at timestamptz, scopes text[],
               ip_ranges text[], requests_per_minute int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.tenant_id, k.key_id, k.name, CASE WHEN k.lookup = wanted THEN k.secret_mac ELSE k.previous_mac END,
         k.pepper_version, k.role, coalesce(k.account_id, k.created_by),
         CASE WHEN k.account_id IS NULL THEN m.role ELSE a.role END, t.name, t.plan,
         CASE WHEN k.lookup = wanted THEN k.expires_at ELSE least(k.expires_at, k.previous_until) END, k.revoked_at,
         k.scopes, k.ip_ranges, k.requests_per_minute
  FROM api_keys AS k
  JOIN tenants AS t ON t.tenant_id = k.tenant_id AND t.status = 'active'
  LEFT JOIN memberships AS m ON m.tenant_id = k.tenant_id AND m.user_id = k.created_by AND m.status = 'active'
  LEFT JOIN service_accounts AS a
    ON a.tenant_id = k.tenant_id AND a.account_id = k.account_id AND a.disabled_at IS NULL
  WHERE k.lookup = wanted OR k.previous_lookup = wanted
$$;

-- What a program says of itself at the token endpoint is held against this, and where its people may be sent. As itself it
-- counts only while its maker is a member (creator_role), and never for more than the maker's present role allows.
DROP FUNCTION IF EXISTS door_oauth_client(uuid);
CREATE OR REPLACE FUNCTION door_oauth_client(wanted uuid)
RETURNS TABLE (tenant_id uuid, client_id uuid, name text, secret_mac bytea, old_secret_mac bytea,
               old_secret_until timestamptz, redirect_uris text[], grants text[], scopes text[], role text,
               created_by uuid, creator_role text, tenant_name text, plan text, certificate_kind text,
               certificate_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.tenant_id, c.client_id, c.name, c.secret_mac, c.old_secret_mac, c.old_secret_until, c.redirect_uris, c.grants,
         c.scopes, c.role, c.created_by, m.role, t.name, t.plan, c.certificate_kind, c.certificate_name
  FROM oauth_clients AS c
  JOIN tenants AS t ON t.tenant_id = c.tenant_id AND t.status = 'active'
  LEFT JOIN memberships AS m ON m.tenant_id = c.tenant_id AND m.user_id = c.created_by AND m.status = 'active'
  WHERE c.client_id = wanted AND c.revoked_at IS NULL
$$;

-- Whose code it is.
CREATE OR REPLACE FUNCTION door_oauth_code(wanted bytea)
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.tenant_id FROM oauth_codes AS c WHERE c.code_hash = wanted
$$;

-- Keeps a link to a new password; false when its person was sent one since then, and did not use it.
CREATE OR REPLACE FUNCTION door_ask_password_reset(person uuid, hash bytea, moment timestamptz, ends timestamptz, since timestamptz)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM password_resets AS r WHERE r.expires_at < moment;
  INSERT INTO password_resets (token_hash, user_id, created_at, expires_at)
  SELECT hash, person, moment, ends
  WHERE NOT EXISTS (
    SELECT 1 FROM password_resets AS r WHERE r.user_id = person AND r.used_at IS NULL AND r.created_at > since);
  RETURN FOUND;
END
$$;

-- Whose link to a new password it is, whatever they belong to.
DROP FUNCTION IF EXISTS door_password_reset(bytea);
CREATE OR REPLACE FUNCTION door_password_reset(wanted bytea)
RETURNS TABLE (user_id uuid, email text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.user_id, u.email, r.expires_at
  FROM password_resets AS r JOIN users AS u USING (user_id)
  WHERE r.token_hash = wanted AND r.used_at IS NULL
$$;

-- Uses a link up, and with it all others of its person, and sets their password; false when it does not count. Whoever proved the
-- address and is no member of the organisation that made the account has it for themselves from then on. Sign-ins where the person
-- can do nothing just now end here: they would count again with the organisation.
CREATE OR REPLACE FUNCTION door_reset_password(wanted bytea, new_hash text, moment timestamptz)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  person uuid;
BEGIN
  UPDATE password_resets AS r SET used_at = moment
  WHERE r.token_hash = wanted AND r.used_at IS NULL AND r.expires_at > moment
  RETURNING r.user_id INTO person;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE password_resets AS r SET used_at = moment WHERE r.user_id = person AND r.used_at IS NULL;
  UPDATE users AS u
  SET password_hash = new_hash,
      made_by = CASE WHEN EXISTS (SELECT 1 FROM memberships AS m
                                  WHERE m.user_id = u.user_id AND m.tenant_id = u.made_by AND m.status = 'active')
                THEN u.made_by END
  WHERE u.user_id = person;
  UPDATE sessions AS s SET revoked_at = moment
  WHERE s.user_id = person AND s.revoked_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM door_memberships(person) AS m WHERE m.tenant_id = s.tenant_id);
  RETURN true;
END
$$;

-- An invitation counts only while its inviter may invite: nobody comes back, or stays, through one of their own. An owner
-- or admin outranks or equals every role that an invitation of theirs can carry. One of the operator makes the owner, while there is none:
-- of an organisation that nobody is in yet, or one of its members. Else an operator could let themselves into what is others'.
CREATE OR REPLACE FUNCTION door_invitation(wanted bytea)
RETURNS TABLE (tenant_id uuid, invitation_id uuid, email text, role text, tenant_name text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id, i.invitation_id, i.email, i.role, t.name, i.expires_at
  FROM invitations AS i
  JOIN tenants AS t ON t.tenant_id = i.tenant_id AND t.status = 'active'
  LEFT JOIN memberships AS m ON m.tenant_id = i.tenant_id AND m.user_id = i.invited_by AND m.status = 'active'
    AND m.role IN ('owner', 'admin')
  WHERE i.token_hash = wanted AND i.accepted_at IS NULL AND i.revoked_at IS NULL
    AND (m.user_id IS NOT NULL OR i.invited_by IS NULL AND NOT EXISTS (
      SELECT 1 FROM memberships AS o
      WHERE o.tenant_id = i.tenant_id AND o.role = 'owner' AND o.status <> 'removed')
      AND (NOT EXISTS (SELECT 1 FROM memberships AS o WHERE o.tenant_id = i.tenant_id AND o.status <> 'removed')
        OR EXISTS (
          SELECT 1 FROM memberships AS o JOIN users AS u ON u.user_id = o.user_id
          WHERE o.tenant_id = i.tenant_id AND o.status = 'active' AND lower(u.email) = lower(i.email))))
$$;

-- The organisation that an operator's call made, by the hash of that call's own word.
CREATE OR REPLACE FUNCTION door_tenant_made_by(wanted bytea)
RETURNS TABLE (tenant_id uuid, name text, plan text, email text, has_owner boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.tenant_id, t.name, t.plan, i.email, EXISTS (
      SELECT 1 FROM memberships AS o
      WHERE o.tenant_id = i.tenant_id AND o.role = 'owner' AND o.status <> 'removed')
  FROM invitations AS i JOIN tenants AS t ON t.tenant_id = i.tenant_id
  WHERE i.call_hash = wanted
$$;

-- Takes one due item of the tenant that has waited longest for its turn. An item whose lease ran out is due again.
CREATE OR REPLACE FUNCTION door_claim_work(worker text, kinds text[], now_utc timestamptz, lease interval)
RETURNS TABLE (tenant_id uuid, work_id uuid, kind text, subject jsonb, attempts int)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  taken record;
BEGIN
  SELECT w.tenant_id, w.work_id INTO taken
  FROM work_items AS w
  LEFT JOIN work_turns AS turn ON turn.tenant_id = w.tenant_id
  WHERE w.kind = ANY (kinds) AND w.run_after <= now_utc
    AND (w.state = 'queued' OR (w.state = 'running' AND w.lease_until < now_utc))
    -- A suspended tenant's work waits until it goes on.
    AND NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = w.tenant_id AND t.status <> 'active')
    -- So does work of a kind of which a tenant has as much running as it may.
    AND (turn.resting_until IS NULL OR turn.resting_until <= now_utc OR turn.resting_kind <> w.kind)
  ORDER BY turn.last_claim_at NULLS FIRST, w.run_after, w.work_id
  FOR UPDATE OF w SKIP LOCKED
  LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  INSERT INTO work_turns (tenant_id, last_claim_at) VALUES (taken.tenant_id, now_utc)
  ON CONFLICT ON CONSTRAINT work_turns_pkey DO UPDATE SET last_claim_at = excluded.last_claim_at;

  RETURN QUERY
  UPDATE work_items AS w
  SET state = 'running', attempts = w.attempts + 1, lease_owner = worker, lease_until = now_utc + lease
  WHERE w.tenant_id = taken.tenant_id AND w.work_id = taken.work_id
  RETURNING w.tenant_id, w.work_id, w.kind, w.subject, w.attempts;
END
$$;

-- Tenants that a scheduled job (retention, sweeping) has to visit, in pages.
CREATE OR REPLACE FUNCTION door_tenants_after(previous uuid, most int)
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.tenant_id FROM tenants AS t
  WHERE (previous IS NULL OR t.tenant_id > previous) AND t.status <> 'erasing'
  ORDER BY t.tenant_id
  LIMIT most
$$;

-- The tenant that an operator on the machine names, and its first owner. More than one row: the name is not enough.
CREATE OR REPLACE FUNCTION door_tenant_named(wanted text)
RETURNS TABLE (tenant_id uuid, owner_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.tenant_id,
         (SELECT m.user_id FROM memberships AS m
          WHERE m.tenant_id = t.tenant_id AND m.role = 'owner' AND m.status = 'active'
          ORDER BY m.created_at, m.user_id LIMIT 1)
  FROM tenants AS t
  WHERE t.tenant_id::text = lower(wanted) OR lower(t.name) = lower(wanted)
  ORDER BY t.tenant_id
  LIMIT 2
$$;

-- The operator's list: how large tenants are and in which state, and nothing that is in them.
DROP FUNCTION IF EXISTS door_tenant_sizes(uuid, int);
CREATE OR REPLACE FUNCTION door_tenant_sizes(previous uuid, most int, wanted text)
RETURNS TABLE (tenant_id uuid, name text, plan text, status text, created_at timestamptz, members bigint,
               documents bigint, file_bytes bigint, chunks bigint, last_seen_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.tenant_id, t.name, t.plan, t.status, t.created_at,
         (SELECT count(*) FROM memberships AS m WHERE m.tenant_id = t.tenant_id AND m.status = 'active'),
         (SELECT count(*) FROM documents AS d WHERE d.tenant_id = t.tenant_id AND d.deleted_at IS NULL),
         (SELECT coalesce(sum(v.file_size), 0)::bigint FROM document_versions AS v WHERE v.tenant_id = t.tenant_id),
         (SELECT coalesce(sum(v.chunk_count), 0)
          FROM documents AS d JOIN document_versions AS v
            ON v.tenant_id = d.tenant_id AND v.document_id = d.document_id AND v.version = d.current_version
          WHERE d.tenant_id = t.tenant_id AND d.deleted_at IS NULL),
         (SELECT max(s.last_seen_at) FROM sessions AS s WHERE s.tenant_id = t.tenant_id)
  FROM tenants AS t
  WHERE (previous IS NULL OR t.tenant_id > previous)
    AND (wanted IS NULL OR position(lower(wanted) IN lower(t.name)) > 0 OR t.tenant_id::text = lower(wanted))
  ORDER BY t.tenant_id
  LIMIT most
$$;

-- The operator suspends a tenant, or lets it go on; false when there is none, or it is being erased. What the operator ordered to be erased
-- is not when it goes on.
CREATE OR REPLACE FUNCTION door_set_tenant_status(wanted uuid, new_status text)
RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH changed AS (UPDATE tenants SET status = new_status WHERE tenant_id = wanted AND status <> 'erasing' RETURNING 1),
       cancelled AS (
         UPDATE erasure_receipts SET state = 'cancelled', ended_at = now()
         WHERE organization_id = wanted AND state = 'ordered' AND ordered_by_kind = 'operator' AND new_status = 'active')
  SELECT EXISTS (SELECT 1 FROM changed)
$$;

-- True until the first tenant signs up: a self-hosted installation's first tenant is on plan OWN.
CREATE OR REPLACE FUNCTION door_is_empty()
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT NOT EXISTS (SELECT 1 FROM tenants)
$$;

-- How much work waits, for health and metrics.
CREATE OR REPLACE FUNCTION door_work_depth()
RETURNS TABLE (queued bigint, running bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'running')
  FROM work_items WHERE state IN ('queued', 'running')
$$;

-- What all tenants together spent and hold here, not what came with an archive: amounts, and nothing of what they were for.
CREATE OR REPLACE FUNCTION door_installation_spend(month_start date, today date)
RETURNS TABLE (month_nano bigint, day_nano bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(sum(s.nano), 0)::bigint, coalesce(sum(s.nano) FILTER (WHERE s.day = today), 0)::bigint
  FROM (SELECT d.day, d.cost_nano - d.imported_nano AS nano FROM usage_days AS d WHERE d.day BETWEEN month_start AND today
        UNION ALL
        SELECT o.day, o.amount_nano FROM open_reservations AS o WHERE o.day BETWEEN month_start AND today) AS s
$$;

-- What each of these tenants spent this month, and the lowest cap on the whole of it, for the operator's list: amounts.
CREATE OR REPLACE FUNCTION door_tenant_spend(wanted uuid[], month_start date, today date)
RETURNS TABLE (tenant_id uuid, month_nano bigint, cap_nano bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.id, coalesce(d.nano, 0)::bigint, b.cap
  FROM unnest(wanted) AS t (id)
  LEFT JOIN LATERAL (
    SELECT sum(u.cost_nano) AS nano FROM usage_days AS u
    WHERE u.tenant_id = t.id AND u.day BETWEEN month_start AND today
  ) AS d ON true
  LEFT JOIN LATERAL (
    SELECT min(c.cap_nano) AS cap FROM budgets AS c
    WHERE c.tenant_id = t.id AND c.level = 'tenant' AND c.period = 'month'
  ) AS b ON true
$$;

CREATE OR REPLACE FUNCTION door_open_reservations()
RETURNS TABLE (request_id uuid, day date, user_id uuid, key_id uuid, amount_nano bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT o.request_id, o.day, o.user_id, o.key_id, o.amount_nano FROM open_reservations AS o
$$;

CREATE OR REPLACE FUNCTION door_overdue_reservations(before timestamptz)
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT o.tenant_id FROM open_reservations AS o WHERE o.expires_at < before
$$;

-- The plan that an organisation is on, and what the operator made of it; null for a plan as it is shipped.
CREATE OR REPLACE FUNCTION door_tenant_plan(wanted uuid)
RETURNS TABLE (plan text, limits jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.plan, p.limits FROM tenants AS t LEFT JOIN plans AS p ON p.plan = t.plan WHERE t.tenant_id = wanted
$$;

-- The operator puts an organisation on a plan; false when there is no such organisation.
CREATE OR REPLACE FUNCTION door_set_tenant_plan(wanted uuid, new_plan text)
RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH changed AS (UPDATE tenants SET plan = new_plan WHERE tenant_id = wanted RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM changed)
$$;

-- What the operator makes of a plan; no limits take that away.
CREATE OR REPLACE FUNCTION door_set_plan(wanted text, new_limits jsonb)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM plans WHERE plan = wanted AND new_limits IS NULL;
  INSERT INTO plans (plan, limits, changed_at)
  SELECT wanted, new_limits, now() WHERE new_limits IS NOT NULL
  ON CONFLICT (plan) DO UPDATE SET limits = excluded.limits, changed_at = excluded.changed_at
$$;

-- What the organisation of the session has, whoever may read it: numbers only.
CREATE OR REPLACE FUNCTION door_stock()
RETURNS TABLE (documents bigint, file_bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (SELECT count(*) FROM documents AS d WHERE d.tenant_id = current_tenant() AND d.deleted_at IS NULL),
         (SELECT coalesce(sum(v.file_size), 0)::bigint FROM document_versions AS v WHERE v.tenant_id = current_tenant())
$$;

-- How many organisations are on a plan.
CREATE OR REPLACE FUNCTION door_plan_tenants()
RETURNS TABLE (plan text, tenants bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.plan, count(*) FROM tenants AS t GROUP BY t.plan
$$;

-- What the operator sets for one organisation, or for a person or key of it, or takes away; false when there is no such organisation.
CREATE OR REPLACE FUNCTION door_set_limit(wanted uuid, on_level text, on_subject uuid, limit_name text, new_most bigint,
                                          is_set boolean)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM tenants WHERE tenant_id = wanted) THEN
    RETURN false;
  END IF;
  DELETE FROM limit_overrides
  WHERE tenant_id = wanted AND level = on_level AND subject_id = on_subject AND name = limit_name AND set_by = 'operator';
  IF is_set THEN
    INSERT INTO limit_overrides (tenant_id, level, subject_id, name, set_by, most, changed_at)
    VALUES (wanted, on_level, on_subject, limit_name, 'operator', new_most, now());
  END IF;
  RETURN true;
END
$$;

-- What holds for one organisation beside its plan.
CREATE OR REPLACE FUNCTION door_limits_of(wanted uuid)
RETURNS TABLE (level text, subject_id uuid, name text, set_by text, most bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT o.level, o.subject_id, o.name, o.set_by, o.most FROM limit_overrides AS o WHERE o.tenant_id = wanted
  ORDER BY o.level, o.subject_id, o.name, o.set_by
$$;

-- Chains for which something waits to be linked in.
CREATE OR REPLACE FUNCTION door_audit_waiting(most int)
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT i.tenant_id FROM audit_inbox AS i LIMIT most
$$;

-- Chains that grew since they were last signed, where that is long enough ago.
CREATE OR REPLACE FUNCTION door_audit_unsigned(signed_before timestamptz, most int)
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.tenant_id FROM audit_chains AS c
  WHERE c.seq > c.signed_seq AND (c.signed_at IS NULL OR c.signed_at <= signed_before)
  ORDER BY c.signed_at NULLS FIRST, c.tenant_id
  LIMIT most
$$;

-- Signed heads that the operator's webhook did not take yet: the oldest of each chain, then the next ones, so that one chain whose
-- heads are refused keeps no other from being sent.
CREATE OR REPLACE FUNCTION door_audit_unsent(most int)
RETURNS TABLE (tenant_id uuid, seq bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.tenant_id, h.seq FROM audit_heads AS h WHERE h.sent_at IS NULL
  ORDER BY row_number() OVER (PARTITION BY h.tenant_id ORDER BY h.seq), h.signed_at, h.tenant_id, h.seq
  LIMIT most
$$;

-- Rollouts of prompts that are running and have something new to be looked at, or were not looked at since a time.
DROP FUNCTION IF EXISTS door_running_rollouts();
CREATE OR REPLACE FUNCTION door_running_rollouts(looked_before timestamptz)
RETURNS TABLE (tenant_id uuid, rollout_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.tenant_id, r.rollout_id
  FROM prompt_rollouts AS r JOIN tenants AS t USING (tenant_id)
  WHERE r.state = 'running' AND t.status = 'active'
    AND (r.looked_at < looked_before OR EXISTS (
      SELECT 1 FROM prompt_runs AS u
      WHERE u.tenant_id = r.tenant_id AND u.rollout_id = r.rollout_id
        AND ((u.outcome IS NOT NULL AND NOT u.is_counted) OR (u.rating IS NOT NULL AND NOT u.is_rating_counted))))
  ORDER BY r.looked_at
$$;

-- What uses of a release's words showed in all organisations together, of those that are not counted yet. Sums of both arms, and no
-- more; what is counted is marked by the same statement. Nothing of what is no release, nor of what was before it began, or began again.
CREATE OR REPLACE FUNCTION door_count_release(wanted uuid, slow double precision, dear bigint)
RETURNS TABLE (is_treated boolean, uses bigint, errors bigint, answered bigint, faulty bigint, guarded bigint, timed bigint,
               slow_uses bigint, priced bigint, dear_uses bigint, judged bigint, low bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH counted AS (
    UPDATE prompt_runs AS u SET is_counted = true
    WHERE u.rollout_id = wanted AND u.outcome IS NOT NULL AND NOT u.is_counted
      AND EXISTS (SELECT FROM prompt_releases AS r WHERE r.release_id = wanted AND u.created_at >= r.begun_at)
    RETURNING u.is_treated, u.outcome, u.latency_ms, u.cost_nano, u.score
  )
  SELECT c.is_treated, count(*),
         count(*) FILTER (WHERE c.outcome IN ('failed', 'faulty')),
         count(*) FILTER (WHERE c.outcome <> 'failed'),
         count(*) FILTER (WHERE c.outcome = 'faulty'),
         count(*) FILTER (WHERE c.outcome = 'guarded'),
         count(*) FILTER (WHERE c.outcome <> 'failed' AND c.latency_ms IS NOT NULL AND slow IS NOT NULL),
         count(*) FILTER (WHERE c.outcome <> 'failed' AND c.latency_ms > slow),
         count(*) FILTER (WHERE c.outcome <> 'failed' AND dear IS NOT NULL),
         count(*) FILTER (WHERE c.outcome <> 'failed' AND c.cost_nano > dear),
         count(c.score), count(*) FILTER (WHERE c.score < 0.5)
  FROM counted AS c GROUP BY c.is_treated
$$;

CREATE OR REPLACE FUNCTION door_count_release_ratings(wanted uuid)
RETURNS TABLE (is_treated boolean, rated bigint, down bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH counted AS (
    UPDATE prompt_runs AS u SET is_rating_counted = true
    WHERE u.rollout_id = wanted AND u.rating IS NOT NULL AND NOT u.is_rating_counted
      AND EXISTS (SELECT FROM prompt_releases AS r WHERE r.release_id = wanted AND u.created_at >= r.begun_at)
    RETURNING u.is_treated, u.rating
  )
  SELECT c.is_treated, count(*), count(*) FILTER (WHERE c.rating < 0) FROM counted AS c GROUP BY c.is_treated
$$;

CREATE OR REPLACE FUNCTION door_recent_release(wanted uuid, since timestamptz)
RETURNS TABLE (is_treated boolean, uses bigint, errors bigint, answered bigint, faulty bigint, guarded bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.is_treated, count(*),
         count(*) FILTER (WHERE u.outcome IN ('failed', 'faulty')),
         count(*) FILTER (WHERE u.outcome <> 'failed'),
         count(*) FILTER (WHERE u.outcome = 'faulty'),
         count(*) FILTER (WHERE u.outcome = 'guarded')
  FROM prompt_runs AS u
  WHERE u.rollout_id = wanted AND u.outcome IS NOT NULL AND u.ended_at >= since
    AND EXISTS (SELECT FROM prompt_releases AS r WHERE r.release_id = wanted AND u.created_at >= r.begun_at)
  GROUP BY u.is_treated
$$;

-- How long the newest uses of a release's control took at these quantiles, and what they cost.
CREATE OR REPLACE FUNCTION door_release_limits(wanted uuid, slow double precision, dear double precision)
RETURNS TABLE (uses bigint, latency_ms double precision, cost_nano bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*), percentile_cont(slow) WITHIN GROUP (ORDER BY n.latency_ms), percentile_disc(dear) WITHIN GROUP (ORDER BY n.cost_nano)
  FROM (
    SELECT u.latency_ms, u.cost_nano FROM prompt_runs AS u
    WHERE u.rollout_id = wanted AND NOT u.is_treated AND u.outcome IS NOT NULL AND u.outcome <> 'failed' AND u.latency_ms IS NOT NULL
      AND EXISTS (SELECT FROM prompt_releases AS r WHERE r.release_id = wanted AND u.created_at >= r.begun_at)
    ORDER BY u.ended_at DESC LIMIT 1000
  ) AS n
$$;

-- Sign-in at an issuer of identities: whose issuer it is, which organisations have one of that address, and whom a subject is.
CREATE OR REPLACE FUNCTION door_identity_issuer(wanted uuid)
RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id
  FROM identity_issuers AS i JOIN tenants AS t ON t.tenant_id = i.tenant_id AND t.status = 'active'
  WHERE i.issuer_id = wanted
$$;

CREATE OR REPLACE FUNCTION door_issuers_named(wanted text, most int)
RETURNS TABLE (tenant_id uuid, issuer_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id, i.issuer_id
  FROM identity_issuers AS i JOIN tenants AS t ON t.tenant_id = i.tenant_id AND t.status = 'active'
  WHERE i.issuer = wanted
  ORDER BY i.created_at, i.issuer_id
  LIMIT most
$$;

CREATE OR REPLACE FUNCTION door_federated_identity(wanted_issuer text, wanted_subject text)
RETURNS TABLE (tenant_id uuid, user_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT f.tenant_id, f.user_id
  FROM federated_identities AS f JOIN tenants AS t ON t.tenant_id = f.tenant_id AND t.status = 'active'
  WHERE f.issuer_key = wanted_issuer AND f.subject = wanted_subject
  ORDER BY f.created_at, f.tenant_id
$$;

-- Where letters to an organisation's owners go.
CREATE OR REPLACE FUNCTION door_owner_addresses(wanted uuid)
RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.email FROM memberships AS m JOIN users AS u USING (user_id)
  WHERE m.tenant_id = wanted AND m.role = 'owner' AND m.status = 'active' AND u.email <> ''
  ORDER BY m.created_at, m.user_id
  LIMIT 100
$$;

-- Puts a letter to each of an organisation's owners on its way, in the transaction that makes true what it tells of: how many. The work is the
-- installation's, so it waits for no organisation to go on, and outlives its end.
CREATE OR REPLACE FUNCTION door_tell_owners(wanted uuid, letter_subject text, letter_text text, now_utc timestamptz)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH letters AS (
    INSERT INTO owner_letters (letter_id, recipient, subject, body, queued_at)
    SELECT gen_random_uuid(), o.email, letter_subject, letter_text, now_utc FROM door_owner_addresses(wanted) AS o(email)
    RETURNING letter_id),
  work AS (
    INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
    SELECT '00000000-0000-0000-0000-000000000000', letter_id, 'owner-letter', jsonb_build_object('letter', letter_id), now_utc, now_utc
    FROM letters)
  SELECT count(*) FROM letters
$$;

-- One that is on its way; nothing when it went.
CREATE OR REPLACE FUNCTION door_owner_letter(wanted uuid)
RETURNS TABLE (recipient text, subject text, body text, queued_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT l.recipient, l.subject, l.body, l.queued_at FROM owner_letters AS l WHERE l.letter_id = wanted
$$;

-- It went, or was given up: nothing of it stays.
CREATE OR REPLACE FUNCTION door_forget_owner_letter(wanted uuid)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM owner_letters AS l WHERE l.letter_id = wanted
$$;

-- Erasing an organisation. Orders it: 'ordered', or why not. The name that is typed again must be the organisation's own; the operator
-- orders it of suspended ones only.
CREATE OR REPLACE FUNCTION door_order_erasure(new_id uuid, wanted uuid, typed_name text, by_kind text, by_id uuid,
                                              by_name text, now_utc timestamptz, begins timestamptz, kept_days int)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  found_tenant record;
BEGIN
  SELECT t.name, t.status INTO found_tenant FROM tenants AS t WHERE t.tenant_id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'not-found';
  END IF;
  IF EXISTS (SELECT 1 FROM erasure_receipts AS e
             WHERE e.organization_id = wanted AND e.state IN ('ordered', 'erasing', 'settling')) THEN
    RETURN 'ordered-already';
  END IF;
  IF by_kind = 'operator' AND found_tenant.status <> 'suspended' THEN
    RETURN 'not-suspended';
  END IF;
  IF found_tenant.name <> typed_name THEN
    RETURN 'other-name';
  END IF;
  INSERT INTO erasure_receipts (erasure_id, organization_id, name_hash, state, ordered_by_kind, ordered_by_id, ordered_by_name,
                                ordered_at, begins_at, backups_kept_days)
  VALUES (new_id, wanted, sha256(convert_to(wanted::text || found_tenant.name, 'UTF8')), 'ordered', by_kind, by_id, by_name,
          now_utc, begins, kept_days);
  RETURN 'ordered';
END
$$;

-- Takes an order back before it begins: 'cancelled', or why not. The operator takes any back; an owner those of owners.
CREATE OR REPLACE FUNCTION door_cancel_erasure(wanted uuid, by_kind text, now_utc timestamptz)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  open_one record;
BEGIN
  SELECT e.erasure_id, e.state, e.ordered_by_kind INTO open_one FROM erasure_receipts AS e
  WHERE e.organization_id = wanted AND e.state IN ('ordered', 'erasing', 'settling') FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'not-found';
  END IF;
  IF open_one.state <> 'ordered' THEN
    RETURN 'begun';
  END IF;
  IF by_kind = 'owner' AND open_one.ordered_by_kind <> 'owner' THEN
    RETURN 'operators';
  END IF;
  UPDATE erasure_receipts SET state = 'cancelled', ended_at = now_utc WHERE erasure_id = open_one.erasure_id;
  RETURN 'cancelled';
END
$$;

-- Begins what is due, once, and answers how it stands and whose it is. An order of the operator's ends where the organisation goes on; one of
-- an owner's waits while it is suspended, as nobody in it could take it back: the time for that begins anew.
-- Who owned it hears of the end by letter, where an owner ordered it and a text is given ("{organization}" is its name): the addresses are put
-- aside here, as they go with it.
DROP FUNCTION IF EXISTS door_begin_erasure(uuid, timestamptz);
CREATE OR REPLACE FUNCTION door_begin_erasure(wanted uuid, now_utc timestamptz, letter_subject text DEFAULT NULL,
                                              letter_text text DEFAULT NULL)
RETURNS TABLE (organization_id uuid, state text, begins_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  one erasure_receipts;
BEGIN
  SELECT * INTO one FROM erasure_receipts AS e WHERE e.erasure_id = wanted;
  -- In the order in which an order locks them.
  PERFORM 1 FROM tenants AS t WHERE t.tenant_id = one.organization_id FOR UPDATE;
  SELECT * INTO one FROM erasure_receipts AS e WHERE e.erasure_id = wanted FOR UPDATE;
  IF one.state = 'ordered' AND one.begins_at <= now_utc THEN
    IF one.ordered_by_kind = 'operator'
       AND NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = one.organization_id AND t.status = 'suspended') THEN
      one.state := 'cancelled';
      UPDATE erasure_receipts AS e SET state = 'cancelled', ended_at = now_utc WHERE e.erasure_id = wanted;
    ELSIF one.ordered_by_kind = 'owner'
       AND EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = one.organization_id AND t.status = 'suspended') THEN
      one.begins_at := now_utc + (one.begins_at - one.ordered_at);
      UPDATE erasure_receipts AS e SET ordered_at = now_utc, begins_at = one.begins_at WHERE e.erasure_id = wanted;
    ELSE
      one.state := 'erasing';
      UPDATE erasure_receipts AS e SET state = 'erasing', begun_at = now_utc WHERE e.erasure_id = wanted;
      IF one.ordered_by_kind = 'owner' AND letter_text IS NOT NULL THEN
        INSERT INTO owner_letters (letter_id, recipient, subject, body, queued_at, erasure_id)
        SELECT gen_random_uuid(), o.email, letter_subject, replace(letter_text, '{organization}', t.name), now_utc, wanted
        FROM tenants AS t, door_owner_addresses(one.organization_id) AS o(email)
        WHERE t.tenant_id = one.organization_id;
      END IF;
      UPDATE tenants AS t SET status = 'erasing' WHERE t.tenant_id = one.organization_id;
    END IF;
  END IF;
  RETURN QUERY SELECT one.organization_id, one.state, one.begins_at WHERE one.erasure_id IS NOT NULL;
END
$$;

-- Deletes some rows of an organisation that is being erased, of one table, and counts them in its receipt; answers nothing when there
-- are none left. Every table with a tenant_id, as the catalogue has them, those that point to others first; people who belong to no
-- other organisation, or were removed from all others, before that, the organisation itself last, and with it the data key.
CREATE OR REPLACE FUNCTION door_erase_rows(wanted uuid, most int)
RETURNS TABLE (table_name text, gone bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  tenant uuid;
  target text;
  number bigint;
BEGIN
  SELECT e.organization_id INTO tenant FROM erasure_receipts AS e
  WHERE e.erasure_id = wanted AND e.state IN ('erasing', 'settling', 'done')
    AND NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = e.organization_id AND t.status <> 'erasing')
  FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  FOR target IN
    WITH RECURSIVE
    owned AS (
      SELECT c.oid, c.relname::text AS name
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ),
    depths AS (
      SELECT o.oid, o.name, 0 AS depth, ARRAY[o.oid] AS path FROM owned AS o
      UNION ALL
      SELECT child.oid, child.name, d.depth + 1, d.path || child.oid
      FROM depths AS d
      JOIN pg_constraint AS f ON f.contype = 'f' AND f.confrelid = d.oid
      JOIN owned AS child ON child.oid = f.conrelid AND child.oid <> ALL (d.path)
    )
    SELECT 'users', -1 AS place, 'users'
    UNION ALL
    SELECT d.name, CASE WHEN d.name = 'tenants' THEN 1000000 ELSE 1000 - max(d.depth) END, d.name
    FROM depths AS d GROUP BY d.name
    ORDER BY 2, 3
  LOOP
    IF target = 'users' THEN
      DELETE FROM sign_in_challenges AS c
      WHERE c.user_id IN (SELECT m.user_id FROM memberships AS m WHERE m.tenant_id = tenant)
        AND NOT EXISTS (SELECT 1 FROM memberships AS o
                        WHERE o.user_id = c.user_id AND o.tenant_id <> tenant AND o.status <> 'removed');
      DELETE FROM users AS u WHERE u.user_id IN (
        SELECT m.user_id FROM memberships AS m JOIN users AS p USING (user_id)
        WHERE m.tenant_id = tenant
          AND NOT EXISTS (SELECT 1 FROM memberships AS o
                          WHERE o.user_id = m.user_id AND o.tenant_id <> tenant AND o.status <> 'removed')
        LIMIT most);
    ELSE
      IF target = 'audit_chains' THEN
        UPDATE erasure_receipts AS e SET audit_seq = c.seq, audit_hash = c.hash
        FROM audit_chains AS c WHERE e.erasure_id = wanted AND c.tenant_id = tenant AND e.audit_seq IS NULL;
      END IF;
      EXECUTE format('DELETE FROM %1$I WHERE tenant_id = $1
                      AND ctid = ANY (ARRAY(SELECT ctid FROM %1$I WHERE tenant_id = $1 LIMIT $2))', target)
      USING tenant, most;
    END IF;
    GET DIAGNOSTICS number = ROW_COUNT;
    IF number > 0 THEN
      UPDATE erasure_receipts AS e
      SET counts = jsonb_set(e.counts, ARRAY['tables', target],
                             to_jsonb(coalesce((e.counts -> 'tables' ->> target)::bigint, 0) + number)),
          amended_at = CASE WHEN e.state = 'done' THEN now() END, is_unsigned = e.is_unsigned OR e.state = 'done'
      WHERE e.erasure_id = wanted;
      RETURN QUERY SELECT target, number;
      RETURN;
    END IF;
  END LOOP;
END
$$;

-- Says that a place beside the database is being erased. One that was so already was left in the middle: what went then is in no count.
CREATE OR REPLACE FUNCTION door_open_place(wanted uuid, place text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE erasure_receipts AS e
  SET counts = jsonb_set(e.counts, ARRAY['stores', place],
        coalesce(e.counts -> 'stores' -> place, '{"count": 0, "bytes": 0}') || jsonb_build_object(
          'open', true,
          'atLeast', coalesce((e.counts -> 'stores' -> place ->> 'atLeast')::boolean, false)
                     OR coalesce((e.counts -> 'stores' -> place ->> 'open')::boolean, false))),
      -- What a sweep removed and did not live to count: the receipt has to say so, too.
      amended_at = CASE WHEN e.state = 'done' AND coalesce((e.counts -> 'stores' -> place ->> 'open')::boolean, false)
                        THEN now() ELSE e.amended_at END,
      is_unsigned = e.is_unsigned
        OR (e.state = 'done' AND coalesce((e.counts -> 'stores' -> place ->> 'open')::boolean, false))
  WHERE e.erasure_id = wanted AND e.state IN ('erasing', 'settling', 'done')
$$;

-- Counts what was erased of it, and says what is waited for.
CREATE OR REPLACE FUNCTION door_count_erased(wanted uuid, place text, things bigint, size bigint)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE erasure_receipts AS e
  SET counts = jsonb_set(e.counts, ARRAY['stores', place], coalesce(e.counts -> 'stores' -> place, '{}') || jsonb_build_object(
        'count', coalesce((e.counts -> 'stores' -> place ->> 'count')::bigint, 0) + things,
        'bytes', coalesce((e.counts -> 'stores' -> place ->> 'bytes')::bigint, 0) + size,
        'open', false)),
      amended_at = CASE WHEN e.state = 'done' AND things > 0 THEN now() ELSE e.amended_at END,
      is_unsigned = e.is_unsigned OR (e.state = 'done' AND things > 0)
  WHERE e.erasure_id = wanted AND e.state IN ('erasing', 'settling', 'done')
$$;

CREATE OR REPLACE FUNCTION door_erasure_waits(wanted uuid, what text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE erasure_receipts AS e SET waiting_for = what WHERE e.erasure_id = wanted AND e.state IN ('erasing', 'settling', 'done')
$$;

-- From erasing to settling, and from there, with the signed receipt, to done; then the letters about it go.
CREATE OR REPLACE FUNCTION door_settle_erasure(wanted uuid)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE erasure_receipts AS e SET state = 'settling' WHERE e.erasure_id = wanted AND e.state = 'erasing'
$$;

CREATE OR REPLACE FUNCTION door_end_erasure(wanted uuid, ended timestamptz, signed text)
RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH changed AS (
    UPDATE erasure_receipts AS e SET state = 'done', ended_at = ended, receipt = signed, waiting_for = NULL
    WHERE e.erasure_id = wanted AND e.state = 'settling' RETURNING e.erasure_id),
  letters AS (
    UPDATE owner_letters AS l SET queued_at = ended FROM changed WHERE l.erasure_id = changed.erasure_id RETURNING l.letter_id),
  work AS (
    INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
    SELECT '00000000-0000-0000-0000-000000000000', letter_id, 'owner-letter', jsonb_build_object('letter', letter_id), ended, ended
    FROM letters)
  SELECT EXISTS (SELECT 1 FROM changed)
$$;

-- The receipt of one that is done, signed anew: something came late, and was removed and counted.
CREATE OR REPLACE FUNCTION door_amend_erasure(wanted uuid, signed text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE erasure_receipts AS e SET receipt = signed, is_unsigned = false WHERE e.erasure_id = wanted AND e.state = 'done'
$$;

-- Orders and receipts, newest first; one of them, or those of one organisation.
DROP FUNCTION IF EXISTS door_erasures(uuid, uuid, uuid, int);
CREATE OR REPLACE FUNCTION door_erasures(one uuid, of_organization uuid, previous uuid, most int)
RETURNS TABLE (erasure_id uuid, organization_id uuid, name_hash bytea, state text, ordered_by_kind text, ordered_by_id uuid,
               ordered_by_name text, ordered_at timestamptz, begins_at timestamptz, begun_at timestamptz,
               ended_at timestamptz, backups_kept_days int, waiting_for text, counts text, audit_seq bigint,
               audit_hash bytea, receipt text, amended_at timestamptz, is_unsigned boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT e.erasure_id, e.organization_id, e.name_hash, e.state, e.ordered_by_kind, e.ordered_by_id, e.ordered_by_name,
         e.ordered_at, e.begins_at, e.begun_at, e.ended_at, e.backups_kept_days, e.waiting_for, e.counts::text, e.audit_seq,
         e.audit_hash, e.receipt, e.amended_at, e.is_unsigned
  FROM erasure_receipts AS e
  WHERE (one IS NULL OR e.erasure_id = one) AND (of_organization IS NULL OR e.organization_id = of_organization)
    AND (previous IS NULL OR e.erasure_id < previous)
  ORDER BY e.erasure_id DESC
  LIMIT most
$$;

-- Whether an organisation was erased or is being erased, and did not come in again since: it gets no record anew, and what is left of it
-- beside the database goes.
CREATE OR REPLACE FUNCTION door_is_erased(wanted uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM erasure_receipts AS e
                 WHERE e.organization_id = wanted AND e.state IN ('erasing', 'settling', 'done'))
     AND NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.tenant_id = wanted AND t.status <> 'erasing')
$$;

-- Whether an erasure of that organisation is ordered or under way; whoever asks holds its end off until they are done.
CREATE OR REPLACE FUNCTION door_is_leaving(wanted uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM erasure_receipts AS e
  WHERE e.organization_id = wanted AND e.state IN ('ordered', 'erasing', 'settling') FOR SHARE;
  RETURN FOUND;
END
$$;

-- Whether somebody is an operator, and was not revoked.
CREATE OR REPLACE FUNCTION door_is_operator(wanted uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM operators AS o WHERE o.operator_id = wanted AND o.revoked_at IS NULL)
$$;
