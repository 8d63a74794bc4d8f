-- Whether its cases are all of those that come with the product: of earlier runs nobody knows, and a gate asks for that.
ALTER TABLE red_team_runs ADD COLUMN is_whole boolean NOT NULL DEFAULT false;

-- The hash of the version's words that it was begun with, in hexadecimal: numbers are given again when a prompt goes back to what was shipped,
-- and a release changes what version 1 says. Null where no version was named, and of earlier runs.
ALTER TABLE red_team_runs ADD COLUMN prompt_sha256 text;
ALTER TABLE eval_runs ADD COLUMN prompt_sha256 text;
