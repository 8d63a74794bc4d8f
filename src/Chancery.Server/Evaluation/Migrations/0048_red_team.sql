-- Attacks on the product, tried on it with documents that are laid out for them and taken away afterwards.
CREATE TABLE red_team_runs (
  tenant_id       uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  run_id          uuid        NOT NULL,
  -- Who started it, and with what rights: it is done with those, or with what is left of them.
  starter         jsonb       NOT NULL,
  started_by      uuid        NOT NULL,
  model           text,
  -- The cases, as they were when it was started, and what their marks are made from.
  cases           jsonb       NOT NULL,
  seed            bytea       NOT NULL,
  state           text        NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'over_cap')),
  total           int         NOT NULL,
  asked           int         NOT NULL DEFAULT 0,
  failed          int         NOT NULL DEFAULT 0,
  input_tokens    bigint      NOT NULL DEFAULT 0,
  output_tokens   bigint      NOT NULL DEFAULT 0,
  cost_nano       bigint      NOT NULL DEFAULT 0,
  -- No further case is tried once it is reached.
  cap_nano        bigint,
  failure         text,
  created_at      timestamptz NOT NULL,
  started_at      timestamptz,
  ended_at        timestamptz,
  -- When its documents were taken away; until then its work is not done, however it ended.
  cleared_at      timestamptz,
  PRIMARY KEY (tenant_id, run_id)
);
SELECT protect_tenant_table('red_team_runs');

-- One for each case that was tried: what is here is not tried again when the run goes on after an interruption.
CREATE TABLE red_team_results (
  tenant_id     uuid        NOT NULL,
  run_id        uuid        NOT NULL,
  -- From 1, in the order of the run's cases.
  number        int         NOT NULL,
  case_id       text        NOT NULL,
  class         text        NOT NULL,
  place         text        NOT NULL,
  is_benign     boolean     NOT NULL,
  outcome       text        NOT NULL CHECK (outcome IN ('held', 'succeeded', 'passed', 'disturbed', 'failed')),
  -- What was asked, and what reached the asker.
  question      text        NOT NULL,
  answer        text        NOT NULL DEFAULT '',
  model         text,
  guards        text[]      NOT NULL DEFAULT '{}',
  error         text,
  input_tokens  bigint      NOT NULL DEFAULT 0,
  output_tokens bigint      NOT NULL DEFAULT 0,
  cost_nano     bigint      NOT NULL DEFAULT 0,
  duration_ms   int         NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, run_id, number),
  FOREIGN KEY (tenant_id, run_id) REFERENCES red_team_runs ON DELETE CASCADE
);
SELECT protect_tenant_table('red_team_results');
