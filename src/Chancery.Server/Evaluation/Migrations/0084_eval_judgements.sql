-- What judges said, by a hash of who was asked what: the same is not asked, and paid, twice. No text is kept, neither of what was judged nor of
-- what the judge wrote; and no failure.
CREATE TABLE eval_judgements (
  tenant_id uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  hash      bytea       NOT NULL CHECK (length(hash) = 32),
  score     float8      NOT NULL CHECK (score >= 0 AND score <= 1),
  judged_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX eval_judgements_by_age ON eval_judgements (tenant_id, judged_at);
SELECT protect_tenant_table('eval_judgements');

-- Names of scores for which no judge was asked, because one had said it before.
ALTER TABLE eval_results ADD COLUMN cached text[] NOT NULL DEFAULT '{}';

-- How often each question is asked: models do not say the same each time.
ALTER TABLE eval_runs ADD COLUMN repeats int NOT NULL DEFAULT 1 CHECK (repeats BETWEEN 1 AND 10);

-- How often it was asked so far; the scores of each time, where that is more than once; and how far those are apart, by the score's name.
ALTER TABLE eval_results ADD COLUMN times int NOT NULL DEFAULT 1;
ALTER TABLE eval_results ADD COLUMN repeats jsonb;
ALTER TABLE eval_results ADD COLUMN spread jsonb;
