-- The index of a volume. Times are milliseconds since 1970 UTC; sizes are bytes; `no` is a dense row number for joins
-- inside the index, `id` the opaque name that the outside knows. Whatever people see as a total is kept by triggers, in
-- the transaction of the change, so that it cannot drift.

-- What is set once for the volume (`volume`: the id in its marker file) or changed by administrators while it runs.
CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

-- A person who signs in.
CREATE TABLE user (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL, -- as typed
  email_key TEXT NOT NULL UNIQUE, -- normalised: what makes two addresses the same
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL, -- PHC string
  admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
  created_at INTEGER NOT NULL,
  disabled_at INTEGER, -- not null: may do nothing
  last_seen_at INTEGER
) STRICT;

-- A browser that is signed in. Only hashes of its cookie are kept.
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  secret_hash BLOB NOT NULL UNIQUE, -- SHA-256 of the cookie's value
  previous_hash BLOB, -- the value before the last rotation, good until previous_until
  previous_until INTEGER,
  rotated_at INTEGER NOT NULL,
  idle_ms INTEGER NOT NULL, -- ends when unused for so long
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, -- ends at the latest
  user_agent TEXT NOT NULL,
  address TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user_no, created_at);
CREATE INDEX session_by_previous ON session (previous_hash) WHERE previous_hash IS NOT NULL;

-- An API token. Its rights are those of its scopes and, at the moment of use, those of its owner.
CREATE TABLE token (
  id TEXT PRIMARY KEY,
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  name TEXT NOT NULL,
  secret_hash BLOB NOT NULL, -- SHA-256; the secret has 256 bits of chance
  scopes TEXT NOT NULL, -- JSON list of read, write, admin
  vault_no INTEGER REFERENCES vault ON DELETE CASCADE, -- null: every vault of its owner
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_user ON token (user_no, created_at);

-- Failed attempts to prove who one is, so that guessing slows down; it survives a restart.
CREATE TABLE attempt (
  key TEXT PRIMARY KEY, -- what is counted: an address, or an account as tried from an address
  failures INTEGER NOT NULL,
  window_ends_at INTEGER NOT NULL, -- then the count starts again
  next_at INTEGER NOT NULL -- no further try before
) STRICT, WITHOUT ROWID;

-- What holds files: one quota, one journal.
CREATE TABLE vault (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE, -- also the name of its directory on the volume
  kind TEXT NOT NULL CHECK (kind IN ('personal', 'team')),
  owner_no INTEGER NOT NULL REFERENCES user,
  name TEXT NOT NULL,
  quota_bytes INTEGER NOT NULL CHECK (quota_bytes >= 0),
  created_at INTEGER NOT NULL,
  seq INTEGER NOT NULL DEFAULT 0, -- of its newest change
  -- Kept by triggers:
  used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0), -- all versions, the trash included
  file_count INTEGER NOT NULL DEFAULT 0 CHECK (file_count >= 0), -- without the trash
  trash_bytes INTEGER NOT NULL DEFAULT 0 CHECK (trash_bytes >= 0),
  trash_count INTEGER NOT NULL DEFAULT 0 CHECK (trash_count >= 0)
) STRICT;
CREATE UNIQUE INDEX vault_personal ON vault (owner_no) WHERE kind = 'personal';

-- Who may do what in a vault. The owner of a personal vault is its manager.
CREATE TABLE member (
  vault_no INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'manager')),
  PRIMARY KEY (vault_no, user_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_user ON member (user_no);

-- A folder. Each vault has one without a parent, its top, which has no name and is never shown.
-- Paths are not stored: moving a folder touches one row, however much lies below it.
CREATE TABLE folder (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  vault_no INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
  parent_no INTEGER REFERENCES folder,
  name TEXT NOT NULL, -- NFC
  name_key TEXT NOT NULL, -- what makes two names the same: NFC, case folded
  name_sort TEXT NOT NULL, -- orders as people do: accents folded, img2 before img10
  color TEXT,
  icon TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER, -- not null: in the trash
  trashed_with INTEGER REFERENCES folder, -- the folder that was thrown away and took this one along; itself where it is that one
  -- Kept by triggers, without the trash, directly inside:
  file_count INTEGER NOT NULL DEFAULT 0 CHECK (file_count >= 0),
  folder_count INTEGER NOT NULL DEFAULT 0 CHECK (folder_count >= 0)
) STRICT;
CREATE UNIQUE INDEX folder_top ON folder (vault_no) WHERE parent_no IS NULL;
CREATE UNIQUE INDEX folder_name ON folder (parent_no, name_key) WHERE deleted_at IS NULL;
CREATE INDEX folder_by_parent ON folder (parent_no, name_sort);
CREATE INDEX folder_by_vault ON folder (vault_no, deleted_at);
CREATE INDEX folder_trashed ON folder (trashed_with) WHERE trashed_with IS NOT NULL;

-- A file: a name in a folder, and a copy of the facts of its newest version, so that a list reads one table.
CREATE TABLE file (
  no INTEGER PRIMARY KEY, -- the document number of the search engines
  id TEXT NOT NULL UNIQUE,
  vault_no INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
  folder_no INTEGER NOT NULL REFERENCES folder,
  owner_no INTEGER NOT NULL REFERENCES user, -- who put it here
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  name_sort TEXT NOT NULL,
  extension TEXT NOT NULL, -- lower case, without the dot; empty where there is none
  version INTEGER NOT NULL, -- number of the newest version
  size INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  mime_type TEXT NOT NULL, -- by content
  kind TEXT NOT NULL, -- image, video, pdf, …: what people call it
  width INTEGER,
  height INTEGER,
  duration REAL, -- seconds
  thumbnail TEXT NOT NULL DEFAULT 'none' CHECK (thumbnail IN ('none', 'pending', 'ready')),
  tags TEXT NOT NULL DEFAULT '[]', -- JSON list
  metadata TEXT NOT NULL DEFAULT '{}', -- JSON object
  package TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER, -- not null: in the trash
  trashed_with INTEGER REFERENCES folder, -- the folder it was thrown away with; null: thrown away by itself
  stored_bytes INTEGER NOT NULL DEFAULT 0 -- of all versions on the disk; kept by triggers
) STRICT;
CREATE UNIQUE INDEX file_name ON file (folder_no, name_key) WHERE deleted_at IS NULL;
CREATE INDEX file_trash ON file (vault_no, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX file_trashed_with ON file (trashed_with) WHERE trashed_with IS NOT NULL;
-- One for each order of a list: of a folder, and of a whole vault. A page of either is one range, at any depth.
CREATE INDEX file_f_name ON file (folder_no, name_sort, no) WHERE deleted_at IS NULL;
CREATE INDEX file_f_size ON file (folder_no, size, no) WHERE deleted_at IS NULL;
CREATE INDEX file_f_updated ON file (folder_no, updated_at, no) WHERE deleted_at IS NULL;
CREATE INDEX file_f_created ON file (folder_no, created_at, no) WHERE deleted_at IS NULL;
CREATE INDEX file_f_extension ON file (folder_no, extension, no) WHERE deleted_at IS NULL;
CREATE INDEX file_v_name ON file (vault_no, name_sort, no) WHERE deleted_at IS NULL;
CREATE INDEX file_v_size ON file (vault_no, size, no) WHERE deleted_at IS NULL;
CREATE INDEX file_v_updated ON file (vault_no, updated_at, no) WHERE deleted_at IS NULL;
CREATE INDEX file_v_created ON file (vault_no, created_at, no) WHERE deleted_at IS NULL;
CREATE INDEX file_v_extension ON file (vault_no, extension, no) WHERE deleted_at IS NULL;
-- For storage statistics and the filter by kind.
CREATE INDEX file_kind ON file (vault_no, kind, size) WHERE deleted_at IS NULL;

-- The immutable content of a file at one time. Its object exists on the volume before the row and until after it.
CREATE TABLE version (
  no INTEGER PRIMARY KEY,
  file_no INTEGER NOT NULL REFERENCES file,
  vault_no INTEGER NOT NULL REFERENCES vault,
  number INTEGER NOT NULL CHECK (number >= 1),
  object_id TEXT NOT NULL, -- its name on the volume; copies of a file share it
  size INTEGER NOT NULL CHECK (size >= 0),
  stored_bytes INTEGER NOT NULL CHECK (stored_bytes >= 0), -- what it counts against the quota
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  crc32 INTEGER NOT NULL, -- for zip archives that are laid out before they are read
  mime_type TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by INTEGER NOT NULL REFERENCES user,
  UNIQUE (file_no, number)
) STRICT;
CREATE INDEX version_by_object ON version (object_id);

-- Objects that no version names any more: the row went first, the bytes follow.
CREATE TABLE garbage (
  object_id TEXT PRIMARY KEY,
  vault_id TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A user's own mark on a file.
CREATE TABLE favorite (
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  file_no INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
  PRIMARY KEY (user_no, file_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX favorite_by_file ON favorite (file_no);

-- The journal: every change of a vault, written in the transaction of the change. Whatever follows a vault (search,
-- devices, sockets, snapshots) reads it from a cursor of its own.
CREATE TABLE change (
  no INTEGER PRIMARY KEY AUTOINCREMENT, -- order over all vaults
  vault_no INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
  seq INTEGER NOT NULL, -- order within the vault, without gaps
  kind TEXT NOT NULL, -- file_created, file_updated, file_deleted (to the trash), file_restored, file_removed (for good), folder_…
  subject_id TEXT NOT NULL, -- the id of the file or folder
  at INTEGER NOT NULL,
  user_no INTEGER REFERENCES user ON DELETE SET NULL,
  UNIQUE (vault_no, seq)
) STRICT;

-- Durable background work. A row is claimed for a time; what is not finished by then is claimed again.
CREATE TABLE job (
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  payload TEXT NOT NULL, -- JSON, ids only
  priority INTEGER NOT NULL DEFAULT 0, -- smaller first
  run_at INTEGER NOT NULL, -- not before; while claimed: when the claim ends
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT, -- of the last attempt
  dead_at INTEGER -- not null: given up, shown to administrators
) STRICT;
CREATE INDEX job_next ON job (priority, run_at, no) WHERE dead_at IS NULL;

-- Filters and facets over tags and metadata, derived from the lists in the file's row.
CREATE TABLE file_tag (
  vault_no INTEGER NOT NULL,
  tag TEXT NOT NULL,
  file_no INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
  PRIMARY KEY (vault_no, tag, file_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_tag_by_file ON file_tag (file_no, tag);

CREATE TABLE file_field (
  vault_no INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  file_no INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
  PRIMARY KEY (vault_no, key, value, file_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_field_by_file ON file_field (file_no, key, value);

-- Words of live files and folders. Contentless: the rows above are the truth.
-- detail=none knows no phrases: a query is single words.
CREATE VIRTUAL TABLE file_fts USING fts5 (
  name, tags, fields,
  content = '', contentless_delete = 1, detail = none,
  tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
CREATE VIRTUAL TABLE folder_fts USING fts5 (
  name,
  content = '', contentless_delete = 1, detail = none,
  tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);

-- Counts ------------------------------------------------------------------------------------------------------------

CREATE TRIGGER version_counted AFTER INSERT ON version BEGIN
  UPDATE vault SET used_bytes = used_bytes + new.stored_bytes WHERE no = new.vault_no;
  UPDATE file SET stored_bytes = stored_bytes + new.stored_bytes WHERE no = new.file_no;
END;
CREATE TRIGGER version_recounted AFTER UPDATE OF stored_bytes ON version BEGIN
  UPDATE vault SET used_bytes = used_bytes + new.stored_bytes - old.stored_bytes WHERE no = new.vault_no;
  UPDATE file SET stored_bytes = stored_bytes + new.stored_bytes - old.stored_bytes WHERE no = new.file_no;
END;
CREATE TRIGGER version_discounted AFTER DELETE ON version BEGIN
  UPDATE vault SET used_bytes = used_bytes - old.stored_bytes WHERE no = old.vault_no;
  UPDATE file SET stored_bytes = stored_bytes - old.stored_bytes WHERE no = old.file_no;
END;
CREATE TRIGGER file_trash_bytes AFTER UPDATE OF stored_bytes ON file WHEN new.deleted_at IS NOT NULL BEGIN
  UPDATE vault SET trash_bytes = trash_bytes + new.stored_bytes - old.stored_bytes WHERE no = new.vault_no;
END;

CREATE TRIGGER file_counted AFTER INSERT ON file WHEN new.deleted_at IS NULL BEGIN
  UPDATE vault SET file_count = file_count + 1 WHERE no = new.vault_no;
  UPDATE folder SET file_count = file_count + 1 WHERE no = new.folder_no;
END;
CREATE TRIGGER file_moved AFTER UPDATE OF folder_no ON file
WHEN new.folder_no <> old.folder_no AND new.deleted_at IS NULL AND old.deleted_at IS NULL BEGIN
  UPDATE folder SET file_count = file_count - 1 WHERE no = old.folder_no;
  UPDATE folder SET file_count = file_count + 1 WHERE no = new.folder_no;
END;
CREATE TRIGGER file_trashed AFTER UPDATE OF deleted_at ON file WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL BEGIN
  UPDATE vault SET file_count = file_count - 1, trash_count = trash_count + 1, trash_bytes = trash_bytes + new.stored_bytes
  WHERE no = new.vault_no;
  UPDATE folder SET file_count = file_count - 1 WHERE no = old.folder_no;
END;
CREATE TRIGGER file_restored AFTER UPDATE OF deleted_at ON file WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL BEGIN
  UPDATE vault SET file_count = file_count + 1, trash_count = trash_count - 1, trash_bytes = trash_bytes - new.stored_bytes
  WHERE no = new.vault_no;
  UPDATE folder SET file_count = file_count + 1 WHERE no = new.folder_no;
END;
CREATE TRIGGER file_removed AFTER DELETE ON file BEGIN
  UPDATE vault SET
    file_count = file_count - (old.deleted_at IS NULL),
    trash_count = trash_count - (old.deleted_at IS NOT NULL),
    trash_bytes = trash_bytes - iif(old.deleted_at IS NULL, 0, old.stored_bytes)
  WHERE no = old.vault_no;
  UPDATE folder SET file_count = file_count - (old.deleted_at IS NULL) WHERE no = old.folder_no;
END;

CREATE TRIGGER folder_counted AFTER INSERT ON folder WHEN new.deleted_at IS NULL BEGIN
  UPDATE folder SET folder_count = folder_count + 1 WHERE no = new.parent_no;
END;
CREATE TRIGGER folder_moved AFTER UPDATE OF parent_no ON folder
WHEN new.parent_no <> old.parent_no AND new.deleted_at IS NULL AND old.deleted_at IS NULL BEGIN
  UPDATE folder SET folder_count = folder_count - 1 WHERE no = old.parent_no;
  UPDATE folder SET folder_count = folder_count + 1 WHERE no = new.parent_no;
END;
CREATE TRIGGER folder_trashed_count AFTER UPDATE OF deleted_at ON folder WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL BEGIN
  UPDATE folder SET folder_count = folder_count - 1 WHERE no = old.parent_no;
END;
CREATE TRIGGER folder_restored_count AFTER UPDATE OF deleted_at ON folder WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL BEGIN
  UPDATE folder SET folder_count = folder_count + 1 WHERE no = new.parent_no;
END;
CREATE TRIGGER folder_removed AFTER DELETE ON folder WHEN old.deleted_at IS NULL BEGIN
  UPDATE folder SET folder_count = folder_count - 1 WHERE no = old.parent_no;
END;

-- Derived rows ------------------------------------------------------------------------------------------------------

CREATE TRIGGER file_tags_added AFTER INSERT ON file WHEN new.tags <> '[]' BEGIN
  INSERT INTO file_tag SELECT new.vault_no, value, new.no FROM json_each(new.tags);
END;
CREATE TRIGGER file_tags_changed AFTER UPDATE OF tags ON file WHEN new.tags <> old.tags BEGIN
  DELETE FROM file_tag WHERE file_no = new.no;
  INSERT INTO file_tag SELECT new.vault_no, value, new.no FROM json_each(new.tags);
END;

-- A list is one row for each of its values; true and false are said in words.
CREATE TRIGGER file_fields_added AFTER INSERT ON file WHEN new.metadata <> '{}' BEGIN
  INSERT OR IGNORE INTO file_field
  SELECT new.vault_no, field.key, CASE field.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(coalesce(item.value, field.value) AS TEXT) END, new.no
  FROM json_each(new.metadata) field LEFT JOIN json_each(iif(field.type = 'array', field.value, '[]')) item
  WHERE field.type <> 'array' OR item.value IS NOT NULL;
END;
CREATE TRIGGER file_fields_changed AFTER UPDATE OF metadata ON file WHEN new.metadata <> old.metadata BEGIN
  DELETE FROM file_field WHERE file_no = new.no;
  INSERT OR IGNORE INTO file_field
  SELECT new.vault_no, field.key, CASE field.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(coalesce(item.value, field.value) AS TEXT) END, new.no
  FROM json_each(new.metadata) field LEFT JOIN json_each(iif(field.type = 'array', field.value, '[]')) item
  WHERE field.type <> 'array' OR item.value IS NOT NULL;
END;

CREATE TRIGGER file_words_added AFTER INSERT ON file WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO file_fts (rowid, name, tags, fields)
  VALUES (new.no, new.name, new.tags, (SELECT group_concat(value, ' ') FROM json_each(new.metadata)));
END;
CREATE TRIGGER file_words_changed AFTER UPDATE OF name, tags, metadata, deleted_at ON file
WHEN new.name <> old.name OR new.tags <> old.tags OR new.metadata <> old.metadata
  OR (new.deleted_at IS NULL) <> (old.deleted_at IS NULL) BEGIN
  DELETE FROM file_fts WHERE rowid = old.no AND old.deleted_at IS NULL;
  INSERT INTO file_fts (rowid, name, tags, fields)
  SELECT new.no, new.name, new.tags, (SELECT group_concat(value, ' ') FROM json_each(new.metadata)) WHERE new.deleted_at IS NULL;
END;
CREATE TRIGGER file_words_removed AFTER DELETE ON file WHEN old.deleted_at IS NULL BEGIN
  DELETE FROM file_fts WHERE rowid = old.no;
END;

CREATE TRIGGER folder_words_added AFTER INSERT ON folder WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO folder_fts (rowid, name) VALUES (new.no, new.name);
END;
CREATE TRIGGER folder_words_changed AFTER UPDATE OF name, deleted_at ON folder
WHEN new.name <> old.name OR (new.deleted_at IS NULL) <> (old.deleted_at IS NULL) BEGIN
  DELETE FROM folder_fts WHERE rowid = old.no AND old.deleted_at IS NULL;
  INSERT INTO folder_fts (rowid, name) SELECT new.no, new.name WHERE new.deleted_at IS NULL;
END;
CREATE TRIGGER folder_words_removed AFTER DELETE ON folder WHEN old.deleted_at IS NULL BEGIN
  DELETE FROM folder_fts WHERE rowid = old.no;
END;
