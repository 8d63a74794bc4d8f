-- Who judges what a dataset is asked at night, null for nobody; and what a night may cost: no further question is asked then.
ALTER TABLE eval_datasets ADD COLUMN nightly_judging jsonb;
ALTER TABLE eval_datasets ADD COLUMN nightly_cap_nano bigint NOT NULL DEFAULT 5000000000 CHECK (nightly_cap_nano > 0);
