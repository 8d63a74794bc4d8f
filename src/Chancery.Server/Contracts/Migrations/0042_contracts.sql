-- Contracts. `title` and the other facts are those of the latest revision, for lists and filters; `change` is the organisation's
-- counter when the contract last changed, so that a search index knows what it has not seen.
CREATE TABLE contracts (
  tenant_id      uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  contract_id    uuid        NOT NULL,
  type           text        NOT NULL,
  status         text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'in_review', 'agreed', 'archived')),
  tags           text[]      NOT NULL DEFAULT '{}',
  title          text        NOT NULL,
  parties        jsonb       NOT NULL DEFAULT '[]',
  effective_date date,
  end_date       date,
  governing_law  text,
  language       text        NOT NULL,
  latest         int         NOT NULL,
  -- Who may read it (AccessLists); none: everybody in the organisation.
  list_id        uuid,
  created_by     uuid        NOT NULL,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  deleted_at     timestamptz,
  change         bigint      NOT NULL,
  PRIMARY KEY (tenant_id, contract_id)
);
CREATE INDEX contracts_newest ON contracts (tenant_id, updated_at DESC, contract_id DESC) WHERE deleted_at IS NULL;
CREATE INDEX contracts_changed ON contracts (tenant_id, change);
CREATE INDEX contracts_listed ON contracts (tenant_id, list_id) WHERE list_id IS NOT NULL;
SELECT protect_tenant_table('contracts');
-- Restricts reading, and with it every change of what was read; the subqueries are evaluated once for a statement.
CREATE POLICY readable ON contracts AS RESTRICTIVE FOR SELECT TO chancery_app
  USING ((SELECT reads_everything()) OR list_id IS NULL OR list_id IN (SELECT readable_lists()));

-- What belongs to a contract is read by those who read the contract.
CREATE FUNCTION protect_contract_table(target regclass) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM protect_tenant_table(target);
  EXECUTE format(
    'CREATE POLICY readable ON %1$s AS RESTRICTIVE FOR SELECT TO chancery_app USING ((SELECT reads_everything()) OR EXISTS ('
    'SELECT 1 FROM contracts AS c WHERE c.tenant_id = %1$s.tenant_id AND c.contract_id = %1$s.contract_id))', target);
END
$$;
REVOKE ALL ON FUNCTION protect_contract_table FROM public;

-- How often an organisation's contracts changed. Its row is the lock under which changes follow one another.
CREATE TABLE contract_changes (
  tenant_id uuid   NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  change    bigint NOT NULL
);
SELECT protect_tenant_table('contract_changes');

-- What clauses say, each once for a contract however many revisions hold it.
CREATE TABLE contract_texts (
  tenant_id   uuid  NOT NULL,
  contract_id uuid  NOT NULL,
  sha256      bytea NOT NULL,
  heading     text  NOT NULL,
  body        text  NOT NULL,
  PRIMARY KEY (tenant_id, contract_id, sha256),
  FOREIGN KEY (tenant_id, contract_id) REFERENCES contracts ON DELETE CASCADE
);
SELECT protect_contract_table('contract_texts');

-- Never changed once it is there. `tree` is the clauses in the order of reading: id, depth, numbered or not, text.
CREATE TABLE contract_revisions (
  tenant_id      uuid        NOT NULL,
  contract_id    uuid        NOT NULL,
  number         int         NOT NULL CHECK (number > 0),
  source         text        NOT NULL,
  -- What was asked, in the words of whoever asked, and the language they used.
  instruction    text,
  instruction_language text,
  author_id      uuid        NOT NULL,
  author         text        NOT NULL,
  created_at     timestamptz NOT NULL,
  -- The revision that it was made from; the number before its own unless others came between.
  base           int,
  model          text,
  prompt_version text,
  input_tokens   bigint      NOT NULL DEFAULT 0,
  output_tokens  bigint      NOT NULL DEFAULT 0,
  cost_nano      bigint      NOT NULL DEFAULT 0,
  is_estimated   boolean     NOT NULL DEFAULT false,
  note           text,
  -- As text: their bytes are hashed.
  head           text        NOT NULL,
  tree           text        NOT NULL,
  -- What clauses were built on: clause id → sources.
  origins        jsonb       NOT NULL DEFAULT '{}',
  inserted       int         NOT NULL,
  deleted        int         NOT NULL,
  changed        int         NOT NULL,
  -- Of its canonical form and the one before it, so that a bundle proves the whole history.
  sha256         bytea       NOT NULL,
  PRIMARY KEY (tenant_id, contract_id, number),
  FOREIGN KEY (tenant_id, contract_id) REFERENCES contracts ON DELETE CASCADE
);
SELECT protect_contract_table('contract_revisions');
REVOKE UPDATE, DELETE ON contract_revisions FROM chancery_app;

-- The clauses of the latest revision, to be searched.
CREATE TABLE contract_clauses (
  tenant_id   uuid  NOT NULL,
  contract_id uuid  NOT NULL,
  clause_id   uuid  NOT NULL,
  ordinal     int   NOT NULL,
  label       text  NOT NULL,
  path        text  NOT NULL,
  type        text,
  sha256      bytea NOT NULL,
  body        text  NOT NULL,
  PRIMARY KEY (tenant_id, contract_id, clause_id),
  FOREIGN KEY (tenant_id, contract_id) REFERENCES contracts ON DELETE CASCADE
);
SELECT protect_contract_table('contract_clauses');

-- Vectors of clauses, by what was encoded.
CREATE TABLE contract_vectors (
  tenant_id   uuid  NOT NULL,
  contract_id uuid  NOT NULL,
  sha256      bytea NOT NULL,
  model       text  NOT NULL,
  embedding   bytea NOT NULL,
  PRIMARY KEY (tenant_id, contract_id, sha256, model),
  FOREIGN KEY (tenant_id, contract_id) REFERENCES contracts ON DELETE CASCADE
);
SELECT protect_contract_table('contract_vectors');

-- Changes that somebody proposes: a whole text beside the contract's own line, made from `base`.
CREATE TABLE contract_proposals (
  tenant_id      uuid        NOT NULL,
  contract_id    uuid        NOT NULL,
  proposal_id    uuid        NOT NULL,
  base           int         NOT NULL,
  state          text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected')),
  instruction    text,
  instruction_language text,
  author_id      uuid        NOT NULL,
  author         text        NOT NULL,
  created_at     timestamptz NOT NULL,
  decided_by     text,
  decided_at     timestamptz,
  model          text,
  prompt_version text,
  input_tokens   bigint      NOT NULL DEFAULT 0,
  output_tokens  bigint      NOT NULL DEFAULT 0,
  cost_nano      bigint      NOT NULL DEFAULT 0,
  is_estimated   boolean     NOT NULL DEFAULT false,
  note           text,
  -- The whole proposed text, and what was already decided of it.
  proposed       jsonb       NOT NULL,
  origins        jsonb       NOT NULL DEFAULT '{}',
  decided        jsonb       NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, contract_id, proposal_id),
  FOREIGN KEY (tenant_id, contract_id) REFERENCES contracts ON DELETE CASCADE
);
SELECT protect_contract_table('contract_proposals');

CREATE TABLE contract_comments (
  tenant_id   uuid        NOT NULL,
  contract_id uuid        NOT NULL,
  comment_id  uuid        NOT NULL,
  -- None: on the contract as a whole.
  clause_id   uuid,
  -- None: it begins a thread.
  reply_to    uuid,
  author_id   uuid        NOT NULL,
  author      text        NOT NULL,
  body        text        NOT NULL,
  mentions    uuid[]      NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL,
  edited_at   timestamptz,
  resolved_at timestamptz,
  resolved_by text,
  PRIMARY KEY (tenant_id, contract_id, comment_id),
  FOREIGN KEY (tenant_id, contract_id) REFERENCES contracts ON DELETE CASCADE
);
SELECT protect_contract_table('contract_comments');

-- Work on a contract that outlives the request that began it: of whoever began it, for a day after its end.
CREATE TABLE contract_operations (
  tenant_id    uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  operation_id uuid        NOT NULL,
  principal_id uuid        NOT NULL,
  kind         text        NOT NULL CHECK (kind IN ('draft', 'revision')),
  state        text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  instruction  text        NOT NULL,
  contract_id  uuid,
  proposal_id  uuid,
  revision     int,
  problem      jsonb,
  -- What there was when it ended early.
  partial      jsonb,
  created_at   timestamptz NOT NULL,
  -- Its server said so lately; another one may end what nobody works on any more.
  seen_at      timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (tenant_id, operation_id)
);
CREATE INDEX contract_operations_newest ON contract_operations (tenant_id, principal_id, created_at DESC);
SELECT protect_tenant_table('contract_operations');
DROP POLICY tenant_only ON contract_operations;
CREATE POLICY principal_only ON contract_operations TO chancery_app
  USING (tenant_id = current_tenant() AND principal_id = current_principal())
  WITH CHECK (tenant_id = current_tenant() AND principal_id = current_principal());

CREATE TABLE contract_operation_events (
  tenant_id    uuid  NOT NULL,
  operation_id uuid  NOT NULL,
  number       int   NOT NULL,
  principal_id uuid  NOT NULL,
  kind         text  NOT NULL,
  content      jsonb NOT NULL,
  PRIMARY KEY (tenant_id, operation_id, number),
  FOREIGN KEY (tenant_id, operation_id) REFERENCES contract_operations ON DELETE CASCADE
);
SELECT protect_tenant_table('contract_operation_events');
DROP POLICY tenant_only ON contract_operation_events;
CREATE POLICY principal_only ON contract_operation_events TO chancery_app
  USING (tenant_id = current_tenant() AND principal_id = current_principal())
  WITH CHECK (tenant_id = current_tenant() AND principal_id = current_principal());

-- The sweep runs for no principal in particular: what ended a day ago goes, and what nobody has worked on for a day.
CREATE FUNCTION sweep_contract_operations(now_utc timestamptz) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (
    DELETE FROM contract_operations
    WHERE tenant_id = current_tenant() AND coalesce(ended_at, seen_at) < now_utc - interval '24 hours'
    RETURNING 1)
  SELECT count(*)::int FROM gone
$$;
REVOKE ALL ON FUNCTION sweep_contract_operations FROM public;
GRANT EXECUTE ON FUNCTION sweep_contract_operations TO chancery_app;

-- An organisation's own clauses, beside those that are shipped.
CREATE TABLE library_clauses (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  clause_id  uuid        NOT NULL,
  type       text        NOT NULL,
  title      text        NOT NULL,
  body       text        NOT NULL,
  language   text        NOT NULL,
  tags       text[]      NOT NULL DEFAULT '{}',
  note       text,
  created_by uuid        NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, clause_id)
);
SELECT protect_tenant_table('library_clauses');

CREATE TABLE playbooks (
  tenant_id   uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  playbook_id uuid        NOT NULL,
  name        text        NOT NULL,
  description text        NOT NULL DEFAULT '',
  -- Which types of contract it is for; none: all.
  types       text[]      NOT NULL DEFAULT '{}',
  rules       jsonb       NOT NULL,
  created_by  uuid        NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, playbook_id),
  UNIQUE (tenant_id, name)
);
SELECT protect_tenant_table('playbooks');
