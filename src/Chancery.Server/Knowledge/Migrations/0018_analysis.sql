-- Which analysis a chunk's tokens are of (TokenVector.Analysis). Those of an older one are still found by it, for every
-- query asks in English too, as all were analysed before; the job "analysis" writes them again, batch by batch. The default
-- is for servers of before that still run beside a newer one.
ALTER TABLE chunks ADD COLUMN analysis int NOT NULL DEFAULT 1;
CREATE INDEX chunks_by_analysis ON chunks (tenant_id, analysis, chunk_id);
