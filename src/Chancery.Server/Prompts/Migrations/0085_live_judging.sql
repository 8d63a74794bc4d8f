-- What a model said of an answer's use, of those that a rollout has judged: the score, what it cost and when; no score where the judge gave none.
ALTER TABLE prompt_runs
  ADD COLUMN judge_score double precision CHECK (judge_score BETWEEN 0 AND 1),
  ADD COLUMN judge_nano bigint,
  ADD COLUMN judged_at timestamptz,
  -- Whether the rollout has seen it: it comes later than the outcome.
  ADD COLUMN is_judgement_counted boolean NOT NULL DEFAULT false;
CREATE INDEX prompt_runs_judged ON prompt_runs (tenant_id, rollout_id, judged_at) WHERE judged_at IS NOT NULL;
