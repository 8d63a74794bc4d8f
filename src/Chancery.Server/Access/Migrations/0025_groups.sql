-- Who calls that is no person: a program, a machine. Its keys are its only credentials, and are gone with it.
CREATE TABLE service_accounts (
  tenant_id   uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  account_id  uuid        NOT NULL,
  name        text        NOT NULL,
  role        text        NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
  created_by  uuid        NOT NULL,
  created_at  timestamptz NOT NULL,
  disabled_at timestamptz,
  PRIMARY KEY (tenant_id, account_id)
);
CREATE UNIQUE INDEX service_accounts_by_name ON service_accounts (tenant_id, lower(name));
SELECT protect_tenant_table('service_accounts');

-- Groups of people and service accounts; and lists of who may read something, whoever's table that is.
CREATE TABLE groups (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  group_id   uuid        NOT NULL,
  name       text        NOT NULL,
  created_by uuid        NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, group_id)
);
CREATE UNIQUE INDEX groups_by_name ON groups (tenant_id, lower(name));
SELECT protect_tenant_table('groups');

CREATE TABLE group_members (
  tenant_id uuid        NOT NULL,
  group_id  uuid        NOT NULL,
  member_id uuid        NOT NULL,                 -- a person or a service account
  added_by  uuid        NOT NULL,
  added_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES groups ON DELETE CASCADE
);
CREATE INDEX group_members_of_member ON group_members (tenant_id, member_id);
SELECT protect_tenant_table('group_members');

-- Whatever is to be read by the same readers shares a list; to be read by others it gets another one. A list only ever loses
-- readers, with those who leave: nobody comes back to what they could read once. Without a row it lets nobody in but owners
-- and admins.
CREATE TABLE access_entries (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  list_id   uuid NOT NULL,
  reader_id uuid NOT NULL,                        -- a person, a group, a service account or a key
  PRIMARY KEY (tenant_id, list_id, reader_id)
);
CREATE INDEX access_entries_of_reader ON access_entries (tenant_id, reader_id, list_id);
SELECT protect_tenant_table('access_entries');

-- `chancery.reader` says as whom the transaction reads: 'everything', or the ids of one principal; nothing reads only what is
-- open to all. Who reads everything is decided where the session is opened (Reader).
CREATE FUNCTION reads_everything() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('chancery.reader', true), '') = 'everything' $$;

-- The lists that name the bound reader, or a group of theirs. Evaluated once for each statement, in policies too.
CREATE FUNCTION readable_lists() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH own AS (
    SELECT unnest(string_to_array(
             nullif(nullif(current_setting('chancery.reader', true), ''), 'everything'), ',')::uuid[]) AS id)
  SELECT e.list_id
  FROM access_entries AS e
  WHERE e.tenant_id = current_tenant() AND e.reader_id IN (
    SELECT own.id FROM own
    UNION
    SELECT m.group_id FROM group_members AS m
    WHERE m.tenant_id = current_tenant() AND m.member_id IN (SELECT own.id FROM own))
$$;
REVOKE ALL ON FUNCTION readable_lists FROM public;
GRANT EXECUTE ON FUNCTION readable_lists TO chancery_app;

-- Where lists and groups stood when the call began (IReadersChanged): its answer may show what others may read by now.
ALTER TABLE idempotency_keys ADD COLUMN stand bigint;
