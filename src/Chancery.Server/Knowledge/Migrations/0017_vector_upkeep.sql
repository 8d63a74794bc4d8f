-- requires: extension vector
-- Vectors are added and removed by whole documents, and each dead one is a detour in the indexes of large tenants: the
-- table is cleaned and counted earlier than others are.
ALTER TABLE chunk_vectors SET (
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_scale_factor = 0.1,
  autovacuum_analyze_scale_factor = 0.02);
