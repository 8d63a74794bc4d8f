-- Uses of the product's own prompts as they were shipped, of which an organisation has no version: which words they were, their hash says.
ALTER TABLE prompt_runs DROP CONSTRAINT prompt_runs_tenant_id_prompt_id_version_fkey;
ALTER TABLE prompt_runs ADD FOREIGN KEY (tenant_id) REFERENCES tenants ON DELETE CASCADE;
ALTER TABLE prompt_runs ADD COLUMN content_sha256 bytea;
