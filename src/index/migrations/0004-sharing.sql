-- Links, who came through them, and who did what.

-- A public link to one file or folder. Whoever has the code has what the link gives, never more than its maker has then.
CREATE TABLE share (
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  code TEXT NOT NULL UNIQUE, -- 130 bits of chance; in clear, so that its maker can copy the link again
  vault_no INTEGER NOT NULL REFERENCES vault ON DELETE CASCADE,
  folder_no INTEGER REFERENCES folder ON DELETE CASCADE,
  file_no INTEGER REFERENCES file ON DELETE CASCADE,
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE, -- who made it, and whose rights bound it
  permission TEXT NOT NULL CHECK (permission IN ('view', 'download', 'edit')),
  password_hash TEXT, -- PHC string
  expires_at INTEGER,
  max_downloads INTEGER CHECK (max_downloads >= 1),
  require_email INTEGER NOT NULL DEFAULT 0 CHECK (require_email IN (0, 1)),
  allowed_emails TEXT NOT NULL DEFAULT '[]', -- JSON list of normalised addresses; empty: any
  is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)), -- named on the page of public folders
  epoch INTEGER NOT NULL DEFAULT 1, -- grows with every change that shuts somebody out: older visits end
  download_count INTEGER NOT NULL DEFAULT 0, -- files and archives that went through to their end
  loose_parts REAL NOT NULL DEFAULT 0, -- of downloads that were given up on the way: fractions of the whole, in all
  view_count INTEGER NOT NULL DEFAULT 0,
  last_accessed_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((folder_no IS NULL) <> (file_no IS NULL))
) STRICT;
CREATE INDEX share_by_user ON share (user_no, no);
CREATE INDEX share_by_vault ON share (vault_no, no);
CREATE INDEX share_by_folder ON share (folder_no) WHERE folder_no IS NOT NULL;
CREATE INDEX share_by_file ON share (file_no) WHERE file_no IS NOT NULL;
CREATE INDEX share_public ON share (no) WHERE is_public = 1;

-- A browser that came through a link, and what it proved there. Only the hash of its cookie is kept.
CREATE TABLE visit (
  secret_hash BLOB PRIMARY KEY, -- SHA-256
  share_no INTEGER NOT NULL REFERENCES share ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  email TEXT, -- as given, where the link asks for one
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_by_share ON visit (share_no);
CREATE INDEX visit_expires ON visit (expires_at);

-- A download through a link that is under way: it holds one place of `max_downloads` from its first byte, in whatever ranges it
-- comes, and becomes one of `download_count` when as many bytes as it has are through.
CREATE TABLE delivery (
  no INTEGER PRIMARY KEY,
  share_no INTEGER NOT NULL REFERENCES share ON DELETE CASCADE,
  visitor BLOB NOT NULL, -- hash of the cookie, or of address and browser where there is none
  subject TEXT NOT NULL, -- what is downloaded, with its digest
  size INTEGER NOT NULL,
  granted INTEGER NOT NULL DEFAULT 0, -- bytes that went out or are on their way; never more than the size
  touched_at INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_of ON delivery (share_no, visitor, subject);
CREATE INDEX delivery_touched ON delivery (touched_at);

-- A code that was mailed to prove an address.
CREATE TABLE mailed_code (
  share_no INTEGER NOT NULL REFERENCES share ON DELETE CASCADE,
  email TEXT NOT NULL, -- normalised
  code_hash BLOB NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (share_no, email)
) STRICT, WITHOUT ROWID;

-- A link by which somebody sets their password: a new user, or one who forgot it.
CREATE TABLE invitation (
  secret_hash BLOB PRIMARY KEY, -- SHA-256; the secret has 256 bits of chance
  user_no INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_by_user ON invitation (user_no);

-- The access log: who did what, when, from where. What is named here may be gone; so nothing refers but the user.
CREATE TABLE event (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  act TEXT NOT NULL, -- view, download, upload, delete, share, rename, move, sign-in, …
  user_no INTEGER, -- null: a guest, nobody, or the machine
  who TEXT NOT NULL, -- the address that a person or a guest gave, at that time; empty where there was none
  share_id TEXT,
  vault_no INTEGER,
  subject_id TEXT, -- of a file, folder, vault, user, share
  name TEXT NOT NULL DEFAULT '', -- of the subject, at that time
  address TEXT NOT NULL DEFAULT '',
  bytes INTEGER
) STRICT;
CREATE INDEX event_by_at ON event (at);
CREATE INDEX event_by_user ON event (user_no, no) WHERE user_no IS NOT NULL;
CREATE INDEX event_by_act ON event (act, no);
CREATE INDEX event_by_vault ON event (vault_no, no) WHERE vault_no IS NOT NULL;
CREATE INDEX event_by_subject ON event (subject_id, no) WHERE subject_id IS NOT NULL;
CREATE INDEX event_by_share ON event (share_id, no) WHERE share_id IS NOT NULL;
