-- How good what was made is, between 0 and 1, by whoever judged it: of answers, how far the passages support them.
ALTER TABLE prompt_runs ADD COLUMN score double precision CHECK (score BETWEEN 0 AND 1);
