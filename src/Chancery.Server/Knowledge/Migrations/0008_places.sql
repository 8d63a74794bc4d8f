-- Formats without paper have places of their own: a sheet and its cells, a slide, a paragraph. `blocks` grows from
-- [kind, start, length, level] to [kind, start, length, level, row, place]; older pages keep the short form.
ALTER TABLE pages ADD COLUMN label      text    NOT NULL DEFAULT '';      -- "Slide 3", "Sheet Costs"
ALTER TABLE pages ADD COLUMN recognised boolean NOT NULL DEFAULT false;   -- read from an image (OCR)
ALTER TABLE chunk_places ADD COLUMN place text NOT NULL DEFAULT '';       -- "Sheet Costs, A4:D9"
