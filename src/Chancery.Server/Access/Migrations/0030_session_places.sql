-- A person's own sign-in takes one of their places (MAX_CONCURRENT_SESSIONS) and ends after so many seconds without use.
-- Without it a session takes none, and lives as long as its refresh token.
ALTER TABLE sessions ADD COLUMN idle_seconds int CHECK (idle_seconds > 0);
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE revoked_at IS NULL;
