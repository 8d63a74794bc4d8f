-- How often each question is asked: models do not say the same each time.
ALTER TABLE eval_runs ADD COLUMN repeats int NOT NULL DEFAULT 1 CHECK (repeats BETWEEN 1 AND 10);

-- How often it was asked so far; the scores of each time, where that is more than once; and how far those are apart, by the score's name.
ALTER TABLE eval_results ADD COLUMN times int NOT NULL DEFAULT 1;
ALTER TABLE eval_results ADD COLUMN repeats jsonb;
ALTER TABLE eval_results ADD COLUMN spread jsonb;
