-- What is attacked: runs of before attacked the answers to documents. prompt_id and variable are of a prompt of the organisation's own.
ALTER TABLE red_team_runs ADD COLUMN target text NOT NULL DEFAULT 'answer'
  CHECK (target IN ('answer', 'upgrade', 'draft', 'prompt', 'reasoning'));
ALTER TABLE red_team_runs ADD COLUMN prompt_id uuid;
ALTER TABLE red_team_runs ADD COLUMN variable text;

-- The release that was attacked; of runs of before nobody knows.
ALTER TABLE red_team_runs ADD COLUMN server_version text;
