-- Questions with what a good answer is, to be asked of the product again and again.
CREATE TABLE eval_datasets (
  tenant_id   uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  dataset_id  uuid        NOT NULL,
  name        text        NOT NULL,
  description text        NOT NULL DEFAULT '',
  tags        text[]      NOT NULL DEFAULT '{}',
  -- Whether it is asked every night; of what, and on whose behalf, as in eval_runs.
  is_active   boolean     NOT NULL DEFAULT false,
  nightly     jsonb       NOT NULL,
  starter     jsonb       NOT NULL,
  -- How many questions were ever added: the next one's number follows.
  last_number int         NOT NULL DEFAULT 0,
  created_by  uuid        NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, dataset_id),
  UNIQUE (tenant_id, name)
);
SELECT protect_tenant_table('eval_datasets');

-- A question never changes, so that runs can be compared: another one takes its place.
CREATE TABLE eval_questions (
  tenant_id        uuid        NOT NULL,
  dataset_id       uuid        NOT NULL,
  question_id      uuid        NOT NULL,
  number           int         NOT NULL,
  question         text        NOT NULL,
  expected_answers text[]      NOT NULL DEFAULT '{}',
  -- Where the answer stands; null: nobody said.
  expected_places  jsonb,
  -- Null: nobody said.
  should_refuse    boolean,
  language         text,
  tags             text[]      NOT NULL DEFAULT '{}',
  created_at       timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, dataset_id, question_id),
  UNIQUE (tenant_id, dataset_id, number),
  FOREIGN KEY (tenant_id, dataset_id) REFERENCES eval_datasets ON DELETE CASCADE
);
SELECT protect_tenant_table('eval_questions');

CREATE TABLE eval_runs (
  tenant_id     uuid        NOT NULL,
  run_id        uuid        NOT NULL,
  dataset_id    uuid        NOT NULL,
  origin        text        NOT NULL CHECK (origin IN ('person', 'nightly')),
  -- Who started it, and with what rights: it is done with those, or with what is left of them.
  starter       jsonb       NOT NULL,
  started_by    uuid        NOT NULL,
  target        jsonb       NOT NULL,
  judging       jsonb,
  state         text        NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'over_cap')),
  -- The last question that belongs to it: what is added later does not.
  last_number   int         NOT NULL,
  total         int         NOT NULL,
  asked         int         NOT NULL DEFAULT 0,
  failed        int         NOT NULL DEFAULT 0,
  input_tokens  bigint      NOT NULL DEFAULT 0,
  output_tokens bigint      NOT NULL DEFAULT 0,
  cost_nano     bigint      NOT NULL DEFAULT 0,
  -- No further question is asked once it is reached.
  cap_nano      bigint,
  -- Means and their intervals, once it has ended.
  summary       jsonb,
  -- What became worse since the run before it, of a nightly one.
  regressions   jsonb,
  failure       text,
  created_at    timestamptz NOT NULL,
  started_at    timestamptz,
  ended_at      timestamptz,
  PRIMARY KEY (tenant_id, run_id),
  FOREIGN KEY (tenant_id, dataset_id) REFERENCES eval_datasets ON DELETE CASCADE
);
CREATE INDEX eval_runs_of_dataset ON eval_runs (tenant_id, dataset_id, run_id DESC);
SELECT protect_tenant_table('eval_runs');

-- One for each question that was asked: what is here is not asked again when the run goes on after an interruption.
CREATE TABLE eval_results (
  tenant_id     uuid        NOT NULL,
  run_id        uuid        NOT NULL,
  question_id   uuid        NOT NULL,
  number        int         NOT NULL,
  question      text        NOT NULL,
  answer        text        NOT NULL DEFAULT '',
  outcome       text        NOT NULL,
  model         text,
  -- Where the answer, or the search, found what it says.
  places        jsonb       NOT NULL DEFAULT '[]',
  -- What it was made from: whoever may not read all of them does not see the answer.
  documents     uuid[]      NOT NULL DEFAULT '{}',
  scores        jsonb       NOT NULL DEFAULT '{}',
  notes         jsonb       NOT NULL DEFAULT '[]',
  error         text,
  input_tokens  bigint      NOT NULL DEFAULT 0,
  output_tokens bigint      NOT NULL DEFAULT 0,
  cost_nano     bigint      NOT NULL DEFAULT 0,
  duration_ms   int         NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, run_id, question_id),
  UNIQUE (tenant_id, run_id, number),
  FOREIGN KEY (tenant_id, run_id) REFERENCES eval_runs ON DELETE CASCADE
);
SELECT protect_tenant_table('eval_results');
