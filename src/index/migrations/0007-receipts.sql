-- Who is told what was fetched or dropped through a link.
ALTER TABLE share ADD COLUMN notify INTEGER NOT NULL DEFAULT 0 CHECK (notify IN (0, 1)); -- its maker wishes to be told
ALTER TABLE share ADD COLUMN told_no INTEGER NOT NULL DEFAULT 0; -- the newest line of the access log that was told
