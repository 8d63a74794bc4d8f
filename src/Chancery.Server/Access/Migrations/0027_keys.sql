-- What narrows a key beyond its role, and the secret that it had before it was rotated, for as long as both count.
ALTER TABLE api_keys
  ADD COLUMN scopes              text[],          -- permissions; null for all of the role
  ADD COLUMN ip_ranges           text[],          -- CIDR; null for everywhere
  ADD COLUMN requests_per_minute int CHECK (requests_per_minute > 0),
  ADD COLUMN account_id          uuid,            -- the service account that it belongs to; null for its maker
  ADD COLUMN rotated_at          timestamptz,
  ADD COLUMN previous_lookup     text,
  ADD COLUMN previous_mac        bytea,
  ADD COLUMN previous_until      timestamptz,
  ADD FOREIGN KEY (tenant_id, account_id) REFERENCES service_accounts ON DELETE CASCADE,
  ADD CHECK ((previous_lookup IS NULL) = (previous_mac IS NULL) AND (previous_mac IS NULL) = (previous_until IS NULL));
CREATE UNIQUE INDEX api_keys_by_previous ON api_keys (previous_lookup) WHERE previous_lookup IS NOT NULL;
CREATE INDEX api_keys_of_account ON api_keys (tenant_id, account_id) WHERE account_id IS NOT NULL;
