-- Another group, of the other sample request's time and number.
INSERT INTO awaited (request_id, who, filed_at)
SELECT id, 'group:others', filed_at FROM request WHERE id = 1;
