-- Which share of attacks may succeed at most against a new version; null where no attacks are looked at.
ALTER TABLE prompt_gates ADD COLUMN most_attacks double precision CHECK (most_attacks BETWEEN 0 AND 1);
