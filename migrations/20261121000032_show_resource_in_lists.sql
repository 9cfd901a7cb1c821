-- `request list --status … --resource …`: a request whose resource does not fit is passed over without a look
-- at its row. Locks `request` while the index is built.

DROP INDEX request_by_state;
CREATE INDEX request_by_state ON request (state, filed_at, id) INCLUDE (resource);
