-- A client that authenticates by a certificate (RFC 8705) instead of a secret: the name that its certificate holds. Which
-- authorities' certificates count is the installation's to say, and no tenant's.
ALTER TABLE oauth_clients ADD COLUMN certificate_kind text CHECK (certificate_kind IN ('dns', 'uri', 'subject'));
ALTER TABLE oauth_clients ADD COLUMN certificate_name text;
ALTER TABLE oauth_clients ADD CONSTRAINT oauth_clients_certificate
  CHECK ((certificate_kind IS NULL) = (certificate_name IS NULL) AND (certificate_kind IS NULL OR secret_mac IS NULL));
