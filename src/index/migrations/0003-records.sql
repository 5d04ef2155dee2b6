-- What the records on the volume (from which a lost index is made again) do not know yet, and no journal row tells: written
-- in the transaction of the change, removed once the records are durable. Files and folders are in the journal.
CREATE TABLE unrecorded (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  what TEXT NOT NULL, -- user, setting, vault, folder, file, favorite
  id TEXT NOT NULL, -- of the user, the vault, the folder or the file; the key of the setting
  vault_id TEXT, -- of a folder that is gone
  user_id TEXT -- whose favourite
) STRICT;

CREATE TRIGGER user_unrecorded_new AFTER INSERT ON user BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('user', new.id);
END;
CREATE TRIGGER user_unrecorded AFTER UPDATE OF email, name, password_hash, admin, disabled_at ON user BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('user', new.id);
END;
CREATE TRIGGER user_unrecorded_gone AFTER DELETE ON user BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('user', old.id);
END;

CREATE TRIGGER setting_unrecorded_new AFTER INSERT ON setting BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('setting', new.key);
END;
CREATE TRIGGER setting_unrecorded AFTER UPDATE ON setting BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('setting', new.key);
END;
CREATE TRIGGER setting_unrecorded_gone AFTER DELETE ON setting BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('setting', old.key);
END;

CREATE TRIGGER vault_unrecorded_new AFTER INSERT ON vault BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('vault', new.id);
END;
CREATE TRIGGER vault_unrecorded AFTER UPDATE OF kind, owner_no, name, quota_bytes, keep_versions, keep_days ON vault BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('vault', new.id);
END;
CREATE TRIGGER member_unrecorded_new AFTER INSERT ON member BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'vault', id FROM vault WHERE no = new.vault_no;
END;
CREATE TRIGGER member_unrecorded AFTER UPDATE ON member BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'vault', id FROM vault WHERE no = new.vault_no;
END;
CREATE TRIGGER member_unrecorded_gone AFTER DELETE ON member BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'vault', id FROM vault WHERE no = old.vault_no;
END;

-- Removing a folder for good moves and removes others that the journal does not name.
CREATE TRIGGER folder_unrecorded AFTER UPDATE OF parent_no ON folder WHEN new.parent_no <> old.parent_no BEGIN
  INSERT INTO unrecorded (what, id, vault_id) SELECT 'folder', new.id, id FROM vault WHERE no = new.vault_no;
END;
CREATE TRIGGER folder_unrecorded_gone AFTER DELETE ON folder BEGIN
  INSERT INTO unrecorded (what, id, vault_id) SELECT 'folder', old.id, id FROM vault WHERE no = old.vault_no;
END;
CREATE TRIGGER file_unrecorded AFTER UPDATE OF folder_no ON file WHEN new.folder_no <> old.folder_no AND new.deleted_at IS NOT NULL BEGIN
  INSERT INTO unrecorded (what, id) VALUES ('file', new.id);
END;

-- How a version is kept changes in the background, and so does how many there are.
CREATE TRIGGER version_unrecorded AFTER UPDATE OF stored_bytes, object_id ON version BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'file', id FROM file WHERE no = new.file_no;
END;
CREATE TRIGGER version_unrecorded_gone AFTER DELETE ON version BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'file', id FROM file WHERE no = old.file_no AND version > old.number;
END;
CREATE TRIGGER packed_unrecorded_new AFTER INSERT ON packed BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'file', f.id FROM version v JOIN file f ON f.no = v.file_no WHERE v.object_id = new.object_id;
END;
CREATE TRIGGER packed_unrecorded AFTER UPDATE ON packed BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'file', f.id FROM version v JOIN file f ON f.no = v.file_no WHERE v.object_id = new.object_id;
END;
CREATE TRIGGER packed_unrecorded_gone AFTER DELETE ON packed BEGIN
  INSERT INTO unrecorded (what, id) SELECT 'file', f.id FROM version v JOIN file f ON f.no = v.file_no WHERE v.object_id = old.object_id;
END;

CREATE TRIGGER favorite_unrecorded_new AFTER INSERT ON favorite BEGIN
  INSERT INTO unrecorded (what, id, user_id)
  SELECT 'favorite', f.id, u.id FROM file f JOIN user u ON u.no = new.user_no WHERE f.no = new.file_no;
END;
CREATE TRIGGER favorite_unrecorded_gone AFTER DELETE ON favorite BEGIN
  INSERT INTO unrecorded (what, id, user_id)
  SELECT 'favorite', f.id, u.id FROM file f JOIN user u ON u.no = old.user_no WHERE f.no = old.file_no;
END;
