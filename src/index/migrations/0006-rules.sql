-- What a vault takes. Null: whatever the settings let in.
ALTER TABLE vault ADD COLUMN max_file_bytes INTEGER CHECK (max_file_bytes >= 1);
ALTER TABLE vault ADD COLUMN allowed_types TEXT NOT NULL DEFAULT '[]'; -- JSON list of extensions and MIME types; empty: any
ALTER TABLE vault ADD COLUMN forbidden_types TEXT NOT NULL DEFAULT '[]';

DROP TRIGGER vault_unrecorded;
CREATE TRIGGER vault_unrecorded AFTER UPDATE OF kind, owner_no, name, quota_bytes, keep_versions, keep_days, max_file_bytes,
  allowed_types, forbidden_types ON vault BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('vault', new.id);
END;
