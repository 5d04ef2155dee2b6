-- Which jobs have waited too long is asked after every change.
CREATE INDEX job_due ON job (run_at) WHERE dead_at IS NULL;
