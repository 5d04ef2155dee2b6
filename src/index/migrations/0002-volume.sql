-- Versions kept as differences, resumable uploads, and the blocks that a vault has.

-- Null: what the settings say. Versions beyond the newest `keep_versions`, or replaced more than `keep_days` ago, go.
ALTER TABLE vault ADD COLUMN keep_versions INTEGER CHECK (keep_versions >= 1);
ALTER TABLE vault ADD COLUMN keep_days INTEGER CHECK (keep_days >= 1);
-- Kept by triggers: what open uploads may still bring. It counts against the quota from their first moment.
ALTER TABLE vault ADD COLUMN reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0);

-- Null: it is the newest, or was replaced before this column came. Age is counted from here.
ALTER TABLE version ADD COLUMN replaced_at INTEGER;
CREATE INDEX version_replaced ON version (vault_no, replaced_at) WHERE replaced_at IS NOT NULL;

-- An object that does not lie whole on the volume any more: its bytes are a difference to another one, or compressed.
CREATE TABLE packed (
  object_id TEXT PRIMARY KEY,
  base_id TEXT, -- the object it is a difference to; null: compressed by itself
  stored_bytes INTEGER NOT NULL CHECK (stored_bytes >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX packed_by_base ON packed (base_id) WHERE base_id IS NOT NULL;

-- Of an object that was packed, only the whole form goes.
ALTER TABLE garbage ADD COLUMN whole_only INTEGER NOT NULL DEFAULT 0 CHECK (whole_only IN (0, 1));

-- A resumable upload. Its bytes lie in the volume's `uploads` until they become a version.
CREATE TABLE upload (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  token_hash BLOB NOT NULL, -- SHA-256 of its resume token
  vault_no INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  object_id TEXT NOT NULL, -- the name its bytes will have
  path TEXT NOT NULL, -- JSON list of names from the top of the vault, the file's own last
  size INTEGER NOT NULL CHECK (size >= 0),
  chunk_size INTEGER NOT NULL CHECK (chunk_size > 0),
  sha256 BLOB, -- what the client says the whole will be
  blocks_sha256 BLOB, -- the same of the list of its blocks
  base_version INTEGER, -- the version it replaces; null: nothing may be there
  on_conflict TEXT NOT NULL CHECK (on_conflict IN ('fail', 'rename')),
  mime_type TEXT, -- as declared
  modified_at INTEGER,
  tags TEXT, -- JSON; null: as they are, or none
  metadata TEXT,
  blocks BLOB, -- the list that the client declared: chunks are then its blocks
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  file_id TEXT, -- not null: it became this version of this file
  file_version INTEGER
) STRICT;
CREATE INDEX upload_by_user ON upload (user_no, created_at);
CREATE INDEX upload_expiry ON upload (expires_at);

-- Bytes of an upload that are durable: `start` to before `stop`, neighbours joined.
CREATE TABLE upload_range (
  upload_no INTEGER NOT NULL REFERENCES upload ON DELETE CASCADE,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL CHECK (stop > start),
  PRIMARY KEY (upload_no, start)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER upload_reserved AFTER INSERT ON upload BEGIN
  UPDATE vault SET reserved_bytes = reserved_bytes + new.size WHERE no = new.vault_no;
END;
CREATE TRIGGER upload_completed AFTER UPDATE OF file_id ON upload WHEN old.file_id IS NULL AND new.file_id IS NOT NULL BEGIN
  UPDATE vault SET reserved_bytes = reserved_bytes - new.size WHERE no = new.vault_no;
END;
CREATE TRIGGER upload_ended AFTER DELETE ON upload WHEN old.file_id IS NULL BEGIN
  UPDATE vault SET reserved_bytes = reserved_bytes - old.size WHERE no = old.vault_no;
END;

-- Whole contents that a vault has, by hash.
CREATE INDEX version_content ON version (vault_no, sha256);

-- An object of several blocks whose blocks can be found in `block`. Numbers are never used again.
CREATE TABLE block_source (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  vault_no INTEGER NOT NULL,
  object_id TEXT NOT NULL UNIQUE
) STRICT;

-- Where a block lies in a vault: the first 48 bits of its SHA-256 (a JavaScript number holds them), an object, an offset.
-- A hint: whoever uses a block compares its whole hash, or that of what it becomes part of.
CREATE TABLE block (
  vault_no INTEGER NOT NULL,
  hash48 INTEGER NOT NULL,
  source_no INTEGER NOT NULL,
  start INTEGER NOT NULL,
  PRIMARY KEY (vault_no, hash48, source_no, start)
) STRICT, WITHOUT ROWID;
