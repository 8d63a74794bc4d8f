-- An organisation that is being erased: nothing of it works any more, and it does not come back.
ALTER TABLE tenants DROP CONSTRAINT tenants_status_check;
ALTER TABLE tenants ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'erasing'));

-- What was ordered to be erased, how far that is, and in the end the receipt. It stays when the organisation is gone, so it belongs to
-- none and holds nothing that was in it: ids, hashes, numbers and times. Only the doors reach it.
CREATE TABLE erasure_receipts (
  erasure_id        uuid        NOT NULL PRIMARY KEY,
  organization_id   uuid        NOT NULL,
  -- SHA-256 of the organisation's id and name, so that whoever knows the name can tell that it is the right receipt.
  name_hash         bytea       NOT NULL,
  state             text        NOT NULL CHECK (state IN ('ordered', 'erasing', 'settling', 'done', 'cancelled')),
  ordered_by_kind   text        NOT NULL CHECK (ordered_by_kind IN ('operator', 'owner')),
  ordered_by_id     uuid,
  -- Of an operator; owners are named by their id alone.
  ordered_by_name   text,
  ordered_at        timestamptz NOT NULL,
  begins_at         timestamptz NOT NULL,
  begun_at          timestamptz,
  ended_at          timestamptz,
  -- How long archives made before are kept, as whoever ordered it said; null where they did not.
  backups_kept_days int         CHECK (backups_kept_days BETWEEN 0 AND 3650),
  -- What could not be reached yet: 'redis'.
  waiting_for       text,
  -- Rows by table, and what else was kept where: {"tables": {"documents": 3}, "stores": {"files": {"count": 3, "bytes": 900}}}.
  counts            jsonb       NOT NULL DEFAULT '{"tables": {}, "stores": {}}',
  -- The end of the organisation's record when it was erased.
  audit_seq         bigint,
  audit_hash        bytea,
  -- The receipt, signed: a compact JWS.
  receipt           text
);
CREATE UNIQUE INDEX erasure_receipts_open ON erasure_receipts (organization_id)
  WHERE state IN ('ordered', 'erasing', 'settling');
CREATE INDEX erasure_receipts_of_organization ON erasure_receipts (organization_id, ordered_at);

-- While one is ordered or under way, no organisation of that id comes in: what is on its way out would take its files along.
CREATE FUNCTION refuse_tenants_being_erased() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF door_is_leaving(NEW.tenant_id) THEN
    RAISE EXCEPTION 'the organisation is being erased'
      USING ERRCODE = 'check_violation', TABLE = 'tenants', CONSTRAINT = 'tenants_not_being_erased';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER tenants_not_being_erased BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION refuse_tenants_being_erased();
