-- The version of the prompt for answers that attacks are put to; null for the one in production.
ALTER TABLE red_team_runs ADD COLUMN prompt_version int CHECK (prompt_version > 0);
