-- How a model came to an answer: steps, and the documents that it had before it. Empty where nobody asked for it.
ALTER TABLE messages ADD COLUMN reasoning jsonb NOT NULL DEFAULT '{}';
