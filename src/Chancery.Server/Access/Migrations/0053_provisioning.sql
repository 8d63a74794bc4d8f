-- Somebody whom the organisation's directory switched off: they may do nothing, and are who they were when they come back.
ALTER TABLE memberships
  DROP CONSTRAINT memberships_status_check,
  ADD CONSTRAINT memberships_status_check CHECK (status IN ('active', 'inactive', 'removed'));

-- What an organisation's directory says of its people (SCIM). Whether they are active is their membership's state.
CREATE TABLE provisioned_users (
  tenant_id   uuid        NOT NULL,
  user_id     uuid        NOT NULL,
  user_name   text        NOT NULL,
  external_id text,
  attributes  jsonb       NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES memberships ON DELETE CASCADE
);
CREATE UNIQUE INDEX provisioned_users_by_name ON provisioned_users (tenant_id, lower(user_name));
CREATE INDEX provisioned_users_by_external ON provisioned_users (tenant_id, external_id) WHERE external_id IS NOT NULL;
SELECT protect_tenant_table('provisioned_users');

-- What it says of groups, and which role being in one gives.
CREATE TABLE provisioned_groups (
  tenant_id   uuid        NOT NULL,
  group_id    uuid        NOT NULL,
  external_id text,
  role        text        CHECK (role IN ('admin', 'editor', 'viewer')),
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, group_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES groups ON DELETE CASCADE
);
SELECT protect_tenant_table('provisioned_groups');
