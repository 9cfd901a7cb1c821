-- Lists join what they ask by to requests, by number and by the time of filing, which gives them their
-- order. That the two belong together is said once for each row, so that no row can be in another place
-- than its request, and the planner knows that there is one request for each, and not next to none. Locks
-- the three tables.

ALTER TABLE request ADD CONSTRAINT request_filing UNIQUE (filed_at, id);
-- The constraint's index serves what this one did.
DROP INDEX request_by_filing;
ALTER TABLE involved
    DROP CONSTRAINT involved_request_id_fkey,
    ADD CONSTRAINT involved_request_fkey
        FOREIGN KEY (filed_at, request_id) REFERENCES request (filed_at, id);
ALTER TABLE awaited
    DROP CONSTRAINT awaited_request_id_fkey,
    ADD CONSTRAINT awaited_request_fkey
        FOREIGN KEY (filed_at, request_id) REFERENCES request (filed_at, id);
