-- No new place for rows: the pending sample request is found by the new index.
SELECT id FROM request WHERE settled_at IS NULL ORDER BY pending_until;
