-- Which versions of the judges' prompts a run is judged by, chosen when it begins: all of its answers are judged by the same.
ALTER TABLE eval_runs ADD COLUMN judges jsonb;
