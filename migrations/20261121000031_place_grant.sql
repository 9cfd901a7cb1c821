-- A grant has its place in lists, as whatever else a list asks by has: the time of its request's filing
-- (see 20261121000019_tie_reports.sql). Locks `access_grant` and writes each of its rows.

ALTER TABLE access_grant ADD COLUMN filed_at timestamptz;   -- as the request has it
UPDATE access_grant AS g SET filed_at = r.filed_at FROM request AS r WHERE r.id = g.request_id;
ALTER TABLE access_grant
    ALTER COLUMN filed_at SET NOT NULL,
    DROP CONSTRAINT access_grant_request_id_fkey,
    ADD CONSTRAINT access_grant_request_fkey
        FOREIGN KEY (filed_at, request_id) REFERENCES request (filed_at, id);
-- `request list --grant active`, `ended` and, where there are many, `scheduled`: read off its end, without a
-- look at a grant that is passed over.
CREATE INDEX access_grant_in_order ON access_grant (filed_at, request_id, starts_at, ends_at)
    WHERE ended_at IS NULL;
