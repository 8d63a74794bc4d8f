-- The record of who did what. Each tenant has a chain of its own; what belongs to none (operators' acts, refusals of strangers)
-- is a chain under the id of zeros. An entry's hash covers all of it and the hash of the one before.

-- What was done and is not linked into its chain yet. The request writes here, with one statement; a writer moves it on.
CREATE TABLE audit_inbox (
  tenant_id       uuid        NOT NULL,
  entry_id        uuid        NOT NULL,
  at              timestamptz NOT NULL,
  action          text        NOT NULL,
  outcome         text        NOT NULL CHECK (outcome IN ('succeeded', 'refused', 'failed')),
  status          int,
  reason          text,
  actor_kind      text        NOT NULL,
  actor_id        uuid,
  credential_kind text,
  credential_id   text,
  subject_kind    text,
  subject_id      text,
  trace_id        text,
  repeats         int         NOT NULL,
  details         text,
  -- Whose name, address and network address these are; zeros for nobody's.
  person_id       uuid        NOT NULL,
  name            text        NOT NULL,
  email           text        NOT NULL,
  address         text        NOT NULL,
  PRIMARY KEY (tenant_id, entry_id)
);
SELECT protect_tenant_table('audit_inbox');

-- Names and addresses that entries point to, and nothing else: they can be erased, and the chain still holds, because it covers
-- their salted hash only. The salt goes with them, so that nobody can try names out.
CREATE TABLE audit_people (
  tenant_id uuid        NOT NULL,
  people_id uuid        NOT NULL,
  person_id uuid        NOT NULL,
  name      text,
  email     text,
  address   text,
  salt      bytea,
  hash      bytea       NOT NULL,
  erased_at timestamptz,
  PRIMARY KEY (tenant_id, people_id)
);
CREATE UNIQUE INDEX audit_people_same ON audit_people (tenant_id, person_id, name, email, address) WHERE erased_at IS NULL;
SELECT protect_tenant_table('audit_people');
REVOKE UPDATE, DELETE ON audit_people FROM chancery_app;
GRANT UPDATE (name, email, address, salt, erased_at) ON audit_people TO chancery_app;

-- Append-only: the application's role can neither change nor remove an entry.
CREATE TABLE audit_entries (
  tenant_id       uuid        NOT NULL,
  seq             bigint      NOT NULL,
  entry_id        uuid        NOT NULL,
  at              timestamptz NOT NULL,
  action          text        NOT NULL,
  outcome         text        NOT NULL,
  status          int,
  reason          text,
  actor_kind      text        NOT NULL,
  actor_id        uuid,
  credential_kind text,
  credential_id   text,
  subject_kind    text,
  subject_id      text,
  trace_id        text,
  repeats         int         NOT NULL,
  details         text,
  people_id       uuid,
  people_hash     bytea,
  previous_hash   bytea       NOT NULL,
  hash            bytea       NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);
CREATE UNIQUE INDEX audit_entries_by_id ON audit_entries (tenant_id, entry_id);
CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor_id, seq);
CREATE INDEX audit_entries_by_time ON audit_entries (tenant_id, at);
CREATE INDEX audit_entries_by_people ON audit_entries (tenant_id, people_id);
SELECT protect_tenant_table('audit_entries');
REVOKE UPDATE, DELETE ON audit_entries FROM chancery_app;

-- Where each chain ends, and where it begins since retention let go of what was before. Whoever writes holds this row.
CREATE TABLE audit_chains (
  tenant_id   uuid        NOT NULL PRIMARY KEY,
  seq         bigint      NOT NULL,
  hash        bytea       NOT NULL,
  anchor_seq  bigint      NOT NULL,
  anchor_hash bytea       NOT NULL,
  signed_seq  bigint      NOT NULL,
  signed_at   timestamptz
);
SELECT protect_tenant_table('audit_chains');
REVOKE DELETE ON audit_chains FROM chancery_app;

-- Ends of chains, signed and handed out.
CREATE TABLE audit_heads (
  tenant_id uuid        NOT NULL,
  seq       bigint      NOT NULL,
  hash      bytea       NOT NULL,
  signed_at timestamptz NOT NULL,
  key_id    text        NOT NULL,
  jws       text        NOT NULL,
  -- When the operator's webhook took it.
  sent_at   timestamptz,
  PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX audit_heads_unsent ON audit_heads (signed_at) WHERE sent_at IS NULL;
SELECT protect_tenant_table('audit_heads');
REVOKE UPDATE, DELETE ON audit_heads FROM chancery_app;
GRANT UPDATE (sent_at) ON audit_heads TO chancery_app;

-- Lets go of the session's tenant's entries up to a signed head, which becomes what the chain is anchored to. Nothing of the last
-- 30 days goes, whoever asks. Answers how many went.
CREATE FUNCTION forget_audit_entries(through bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  anchor bytea;
  gone   bigint;
BEGIN
  -- Before anything else, so that no writer points to what goes.
  PERFORM 1 FROM audit_chains WHERE tenant_id = current_tenant() FOR UPDATE;
  SELECT h.hash INTO anchor FROM audit_heads AS h WHERE h.tenant_id = current_tenant() AND h.seq = through;
  IF NOT FOUND OR EXISTS (
    SELECT 1 FROM audit_entries AS e
    WHERE e.tenant_id = current_tenant() AND e.seq <= through AND e.at > now() - interval '30 days')
  THEN
    RETURN 0;
  END IF;

  DELETE FROM audit_entries AS e WHERE e.tenant_id = current_tenant() AND e.seq <= through;
  GET DIAGNOSTICS gone = ROW_COUNT;
  UPDATE audit_chains AS c SET anchor_seq = through, anchor_hash = anchor
  WHERE c.tenant_id = current_tenant() AND c.anchor_seq < through;
  DELETE FROM audit_heads AS h WHERE h.tenant_id = current_tenant() AND h.seq < through;
  DELETE FROM audit_people AS p
  WHERE p.tenant_id = current_tenant() AND NOT EXISTS (
    SELECT 1 FROM audit_entries AS e WHERE e.tenant_id = p.tenant_id AND e.people_id = p.people_id);
  RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION forget_audit_entries FROM public;
GRANT EXECUTE ON FUNCTION forget_audit_entries TO chancery_app;
