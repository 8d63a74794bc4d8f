-- Whether its cases are all of those that come with the product: of earlier runs nobody knows, and a gate asks for that.
ALTER TABLE red_team_runs ADD COLUMN is_whole boolean NOT NULL DEFAULT false;
