-- How much of a day's cost was spent on another installation, whose operator paid it: it counts in the organisation's own caps and figures,
-- and not in the installation's.
ALTER TABLE usage_days ADD COLUMN imported_nano bigint NOT NULL DEFAULT 0;
