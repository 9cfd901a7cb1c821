-- One ask that was sent at the first try, with its token.
INSERT INTO notice (id, request_id, kind, person, facts, created_at)
VALUES ('01900000-0000-7000-8000-000000000001', 1, 'ask', 'ann', '{"step": 0}', '2026-03-02 09:00Z');
INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone, locale,
                      key_id, state, attempts, finished_at, created_at, tried_since)
VALUES ('01900000-0000-7000-8000-000000000002', '01900000-0000-7000-8000-000000000001', 1, 'ask',
        'mail', 'ann', 'ann@example.com', 'Ann', 'UTC', 'en', 'k', 'sent', 1, '2026-03-02 09:01Z',
        '2026-03-02 09:00Z', '2026-03-02 09:00Z');
INSERT INTO attempt (delivery_id, number, started_at, finished_at, outcome)
VALUES ('01900000-0000-7000-8000-000000000002', 1, '2026-03-02 09:00Z', '2026-03-02 09:01Z', 'sent');
INSERT INTO token (hash, delivery_id, person, request_id, step, revision, issued_at)
VALUES (sha256('sample'), '01900000-0000-7000-8000-000000000002', 'ann', 1, 0, 1, '2026-03-02 09:00Z');
