-- When the access admins were last told that requests wait for this person, who is not reached by mail: not
-- again for each request within the hour.

ALTER TABLE unreachable ADD COLUMN told_at timestamptz;
