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
