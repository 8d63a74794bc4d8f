-- Which share of the dataset's questions must have got an answer at least; and what an answer may cost at most, in dollars, whatever one
-- cost before: null where nothing but the ratio counts.
ALTER TABLE prompt_gates ADD COLUMN least_coverage double precision NOT NULL DEFAULT 0.9 CHECK (least_coverage BETWEEN 0 AND 1);
ALTER TABLE prompt_gates ADD COLUMN most_cost_usd double precision CHECK (most_cost_usd BETWEEN 0 AND 1000);
