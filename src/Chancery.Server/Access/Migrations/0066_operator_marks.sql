-- With which token of the setting, as a digest, or from the machine itself: who has no id of their own is let in by nothing else, and not any
-- more once that is another one. Null for an operator with an id.
ALTER TABLE operator_accesses ADD COLUMN operator_mark text;
