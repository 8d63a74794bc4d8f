-- How much each organisation, person and key may do. Plans that are shipped stand in the program; here is what the operator made of
-- them, and beside them.
CREATE TABLE plans (
  plan       text        NOT NULL PRIMARY KEY CHECK (plan ~ '^[A-Z][A-Z0-9_-]{0,31}$'),
  limits     jsonb       NOT NULL,              -- name of a limit → the most; what is not named has no limit
  changed_at timestamptz NOT NULL
);
GRANT SELECT ON plans TO chancery_app;

-- What holds for one organisation, person or key instead of what its plan says. What the operator set is hard: the organisation may
-- set lower ones beside it and can touch none of the operator's.
CREATE TABLE limit_overrides (
  tenant_id  uuid        NOT NULL REFERENCES tenants ON DELETE CASCADE,
  level      text        NOT NULL CHECK (level IN ('tenant', 'user', 'key')),
  subject_id uuid        NOT NULL,               -- the tenant itself, a person, or a key or OAuth client
  name       text        NOT NULL,
  set_by     text        NOT NULL CHECK (set_by IN ('operator', 'tenant')),
  most       bigint      CHECK (most >= 0),      -- null: no limit
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, level, subject_id, name, set_by)
);
SELECT protect_tenant_table('limit_overrides');

CREATE FUNCTION guard_operators_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'chancery_app'
     AND ((TG_OP <> 'INSERT' AND OLD.set_by = 'operator') OR (TG_OP <> 'DELETE' AND NEW.set_by = 'operator')) THEN
    RAISE EXCEPTION 'Only the operator changes a limit of the operator' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER guard_operators_limit BEFORE INSERT OR UPDATE OR DELETE ON limit_overrides
  FOR EACH ROW EXECUTE FUNCTION guard_operators_limit();
