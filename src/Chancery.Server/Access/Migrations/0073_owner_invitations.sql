-- An operator invites the owner of an organisation that has nobody yet: no member is the inviter.
ALTER TABLE invitations ALTER COLUMN invited_by DROP NOT NULL;
ALTER TABLE invitations DROP CONSTRAINT invitations_role_check;
ALTER TABLE invitations ADD CONSTRAINT invitations_role_check
  CHECK (CASE WHEN invited_by IS NULL THEN role = 'owner' ELSE role IN ('admin', 'editor', 'viewer') END);

-- The hash of the word that the operator's program gave the call, so that the same call makes one organisation.
ALTER TABLE invitations ADD COLUMN call_hash bytea;
CREATE UNIQUE INDEX invitations_by_call ON invitations (call_hash) WHERE call_hash IS NOT NULL;
