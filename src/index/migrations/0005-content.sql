-- What documents say. All of it is derived from the bytes of the newest version, and can be made again.

-- The text of a file, from which pieces are shown. There is none where a file has no text, or none yet.
CREATE TABLE content (
  file_no INTEGER PRIMARY KEY REFERENCES file ON DELETE CASCADE,
  vault_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  text BLOB NOT NULL -- zstd, at most a million characters
) STRICT;

-- Its words, counted up to a few times each: their order is not kept. The number of a row is that of the vault times 2^32
-- plus that of the file, so that a search in one vault walks a range of its own. Of beginnings, those with three letters are
-- the ones that would have to be merged from most words.
CREATE VIRTUAL TABLE content_fts USING fts5 (
  words,
  content = '', contentless_delete = 1,
  tokenize = "unicode61 remove_diacritics 2", prefix = '3'
);

CREATE TRIGGER content_forgotten AFTER DELETE ON content BEGIN
  DELETE FROM content_fts WHERE rowid = (old.vault_no << 32) + old.file_no;
END;
-- What a replaced version said is not found any more from the moment that it is replaced.
CREATE TRIGGER content_stale AFTER UPDATE OF version ON file WHEN new.version <> old.version BEGIN
  DELETE FROM content WHERE file_no = new.no;
END;

-- Files that are there already are read in the background, some at a time.
INSERT INTO job (name, payload, priority, run_at) SELECT 'text-backlog', '{"after":0}', 9, 0 WHERE EXISTS (SELECT 1 FROM file);
