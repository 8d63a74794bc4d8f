-- What people say of results that a model judged: how far the judge can be relied on is found by that.
CREATE TABLE eval_labels (
  tenant_id   uuid        NOT NULL,
  run_id      uuid        NOT NULL,
  question_id uuid        NOT NULL,
  criterion   text        NOT NULL CHECK (criterion IN ('relevance', 'faithfulness', 'helpfulness')),
  is_good     boolean     NOT NULL,
  labelled_by uuid        NOT NULL,
  labelled_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, run_id, question_id, criterion),
  FOREIGN KEY (tenant_id, run_id, question_id) REFERENCES eval_results ON DELETE CASCADE
);
SELECT protect_tenant_table('eval_labels');
