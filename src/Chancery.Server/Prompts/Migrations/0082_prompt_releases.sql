-- The words that releases of the product ship of its own prompts, each once, and how each comes to the organisations that follow
-- releases. It is the installation's: nothing of any organisation stands in it but sums over all of them.
CREATE TABLE prompt_releases (
  -- Also what units are dealt by, and what uses name as their rollout.
  release_id    uuid        NOT NULL PRIMARY KEY,
  prompt_id     uuid        NOT NULL,
  sha256        bytea       NOT NULL,
  content       text        NOT NULL,
  -- The words that everybody had before: the control, and what everybody has again when these are turned back.
  former_sha256 bytea,
  state         text        NOT NULL CHECK (state IN ('first', 'at_once', 'running', 'complete', 'rolled_back', 'killed')),
  plan          jsonb       NOT NULL,
  exposure      int         NOT NULL,
  progress      jsonb       NOT NULL,
  limits        jsonb       NOT NULL,
  decision      jsonb,
  created_at    timestamptz NOT NULL,
  -- When a server that ships these words started last.
  shipped_at    timestamptz NOT NULL,
  begun_at      timestamptz NOT NULL,
  looked_at     timestamptz NOT NULL,
  ended_at      timestamptz,
  ended_by      text,
  reason        text,
  UNIQUE (prompt_id, sha256),
  FOREIGN KEY (prompt_id, former_sha256) REFERENCES prompt_releases (prompt_id, sha256),
  CHECK (state IN ('first', 'at_once', 'complete') OR former_sha256 IS NOT NULL)
);
GRANT SELECT, INSERT, UPDATE ON prompt_releases TO chancery_app;

-- A release's uses are those of all organisations: the rollout comes first.
DROP INDEX prompt_runs_uncounted;
CREATE INDEX prompt_runs_uncounted ON prompt_runs (rollout_id, tenant_id)
  WHERE rollout_id IS NOT NULL AND ((outcome IS NOT NULL AND NOT is_counted) OR (rating IS NOT NULL AND NOT is_rating_counted));
DROP INDEX prompt_runs_recent;
CREATE INDEX prompt_runs_recent ON prompt_runs (rollout_id, ended_at) WHERE rollout_id IS NOT NULL;
