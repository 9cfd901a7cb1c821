INSERT INTO token (hash, delivery_id, person, request_id, step, revision, issued_at, purpose)
SELECT sha256('link'), id, person, request_id, 0, 1, created_at, 'link' FROM delivery
WHERE request_id IS NOT NULL ORDER BY id LIMIT 1;
UPDATE delivery SET link_key_id = '1' WHERE id = (SELECT delivery_id FROM token WHERE purpose = 'link');
INSERT INTO web_draft (id, token, revision, decision, comment, key_id, created_at, expires_at)
SELECT '01920000-0000-7000-8000-0000000000d1', hash, 1, 'approve', 'as agreed', '1',
       '2026-03-02 09:00Z', '2026-03-02 09:30Z' FROM token WHERE purpose = 'link';
INSERT INTO web_browser (hash, person, created_at, expires_at)
VALUES (sha256('browser'), 'ann', '2026-03-02 09:00Z', '2026-04-01 09:00Z');
