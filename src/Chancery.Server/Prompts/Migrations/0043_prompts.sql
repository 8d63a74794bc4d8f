-- Prompts: templates, what they said at each version, labels that point at versions, rollouts, and uses.
CREATE TABLE prompts (
  tenant_id   uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  prompt_id   uuid        NOT NULL,
  name        text        NOT NULL,
  description text        NOT NULL DEFAULT '',
  latest      int         NOT NULL,
  created_by  uuid        NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, prompt_id)
);
CREATE UNIQUE INDEX prompts_name ON prompts (tenant_id, lower(name));
SELECT protect_tenant_table('prompts');

-- Never changed once it is there.
CREATE TABLE prompt_versions (
  tenant_id  uuid        NOT NULL,
  prompt_id  uuid        NOT NULL,
  number     int         NOT NULL CHECK (number > 0),
  -- Of content, whose bytes are hashed: the same words are the same version.
  sha256     bytea       NOT NULL,
  content    text        NOT NULL,
  why        text,
  author_id  uuid        NOT NULL,
  author     text        NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, prompt_id, number),
  UNIQUE (tenant_id, prompt_id, sha256),
  FOREIGN KEY (tenant_id, prompt_id) REFERENCES prompts ON DELETE CASCADE
);
SELECT protect_tenant_table('prompt_versions');
REVOKE UPDATE, DELETE ON prompt_versions FROM chancery_app;

-- `moves` rises with each move: whoever moves a label says which they saw.
CREATE TABLE prompt_labels (
  tenant_id uuid NOT NULL,
  prompt_id uuid NOT NULL,
  label     text NOT NULL,
  version   int  NOT NULL,
  moves     int  NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, prompt_id, label),
  FOREIGN KEY (tenant_id, prompt_id, version) REFERENCES prompt_versions ON DELETE CASCADE
);
SELECT protect_tenant_table('prompt_labels');

CREATE TABLE prompt_label_moves (
  tenant_id    uuid        NOT NULL,
  prompt_id    uuid        NOT NULL,
  label        text        NOT NULL,
  number       int         NOT NULL,
  from_version int,
  to_version   int,
  why          text,
  author_id    uuid,
  author       text        NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, prompt_id, label, number),
  FOREIGN KEY (tenant_id, prompt_id) REFERENCES prompts ON DELETE CASCADE
);
SELECT protect_tenant_table('prompt_label_moves');
REVOKE UPDATE, DELETE ON prompt_label_moves FROM chancery_app;

-- `progress` is what was seen of both arms, `limits` what slow and dear mean in this stage, taken from the control before it began.
CREATE TABLE prompt_rollouts (
  tenant_id  uuid        NOT NULL,
  rollout_id uuid        NOT NULL,
  prompt_id  uuid        NOT NULL,
  control    int         NOT NULL,
  treatment  int         NOT NULL,
  unit       text        NOT NULL CHECK (unit IN ('conversation', 'user', 'organization')),
  plan       jsonb       NOT NULL,
  state      text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'complete', 'rolled_back', 'killed', 'ended')),
  exposure   int         NOT NULL,
  progress   jsonb       NOT NULL,
  limits     jsonb       NOT NULL DEFAULT '{}',
  decision   jsonb,
  author_id  uuid        NOT NULL,
  author     text        NOT NULL,
  created_at timestamptz NOT NULL,
  looked_at  timestamptz NOT NULL,
  ended_at   timestamptz,
  ended_by   text,
  reason     text,
  PRIMARY KEY (tenant_id, rollout_id),
  FOREIGN KEY (tenant_id, prompt_id) REFERENCES prompts ON DELETE CASCADE
);
CREATE UNIQUE INDEX prompt_rollouts_running ON prompt_rollouts (tenant_id, prompt_id) WHERE state = 'running';
CREATE INDEX prompt_rollouts_newest ON prompt_rollouts (tenant_id, prompt_id, rollout_id DESC);
SELECT protect_tenant_table('prompt_rollouts');

CREATE TABLE prompt_rollout_events (
  tenant_id  uuid        NOT NULL,
  rollout_id uuid        NOT NULL,
  number     int         NOT NULL,
  kind       text        NOT NULL,
  exposure   int         NOT NULL,
  content    jsonb       NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, rollout_id, number),
  FOREIGN KEY (tenant_id, rollout_id) REFERENCES prompt_rollouts ON DELETE CASCADE
);
SELECT protect_tenant_table('prompt_rollout_events');

-- A use of a version. It holds neither what was filled in nor what came back. `outcome` is null until it is known.
CREATE TABLE prompt_runs (
  tenant_id      uuid        NOT NULL,
  run_id         uuid        NOT NULL,
  prompt_id      uuid        NOT NULL,
  version        int         NOT NULL,
  rollout_id     uuid,
  is_treated     boolean     NOT NULL DEFAULT false,
  outcome        text        CHECK (outcome IN ('succeeded', 'failed', 'faulty', 'guarded')),
  model          text,
  input_tokens   bigint      NOT NULL DEFAULT 0,
  output_tokens  bigint      NOT NULL DEFAULT 0,
  cost_nano      bigint      NOT NULL DEFAULT 0,
  latency_ms     double precision,
  rating         smallint    CHECK (rating IN (-1, 1)),
  -- Whether the rollout has seen the outcome, and the rating.
  is_counted     boolean     NOT NULL DEFAULT false,
  is_rating_counted boolean  NOT NULL DEFAULT false,
  principal_id   uuid        NOT NULL,
  created_at     timestamptz NOT NULL,
  ended_at       timestamptz,
  PRIMARY KEY (tenant_id, run_id),
  FOREIGN KEY (tenant_id, prompt_id, version) REFERENCES prompt_versions ON DELETE CASCADE
);
CREATE INDEX prompt_runs_newest ON prompt_runs (tenant_id, prompt_id, run_id DESC);
CREATE INDEX prompt_runs_uncounted ON prompt_runs (tenant_id, rollout_id)
  WHERE rollout_id IS NOT NULL AND ((outcome IS NOT NULL AND NOT is_counted) OR (rating IS NOT NULL AND NOT is_rating_counted));
CREATE INDEX prompt_runs_recent ON prompt_runs (tenant_id, rollout_id, ended_at) WHERE rollout_id IS NOT NULL;
SELECT protect_tenant_table('prompt_runs');
