-- A resource that was asked for, an approver who was asked about a request that waits, and the group that its
-- step names beside them.
INSERT INTO resource_name (name) VALUES ('prod-db-7');
INSERT INTO involved (request_id, person, filed_at) VALUES (1, 'cat', '2026-03-02 09:00Z');
INSERT INTO awaited (request_id, who, filed_at) VALUES (1, 'group:team', '2026-03-02 09:00Z');
