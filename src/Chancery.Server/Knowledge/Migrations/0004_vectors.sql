-- requires: extension vector
-- No index: a shared one is dead weight for tenants that search elsewhere and finds nothing for small tenants.
-- Dimensions belong to the model.
CREATE TABLE chunk_vectors (
  tenant_id uuid   NOT NULL,
  model     text   NOT NULL,
  chunk_id  uuid   NOT NULL,
  embedding vector NOT NULL,
  PRIMARY KEY (tenant_id, model, chunk_id),
  FOREIGN KEY (tenant_id, chunk_id) REFERENCES chunks ON DELETE CASCADE
);
SELECT protect_tenant_table('chunk_vectors');
