-- A notice that waits, and one that was gathered into a digest which was sent.
INSERT INTO notice (id, request_id, kind, person, facts, created_at)
VALUES ('01900000-0000-7000-8000-000000000011', 1, 'settled', 'ann', '{"step": 0}', '2026-03-02 10:00Z'),
       ('01900000-0000-7000-8000-000000000012', 1, 'settled', 'ann', '{"step": 0}', '2026-03-03 09:00Z'),
       ('01900000-0000-7000-8000-000000000013', NULL, 'digest', 'ann', '{}', '2026-03-03 08:00Z');
INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone, locale,
                      state, attempts, finished_at, digest_at, digest_id, created_at, tried_since)
VALUES ('01900000-0000-7000-8000-000000000016', '01900000-0000-7000-8000-000000000013', NULL, 'digest',
        'mail', 'ann', 'ann@example.com', 'Ann', 'UTC', 'en', 'sent', 1, '2026-03-03 08:01Z',
        '2026-03-03 08:00Z', NULL, '2026-03-03 08:00Z', '2026-03-03 08:00Z'),
       ('01900000-0000-7000-8000-000000000014', '01900000-0000-7000-8000-000000000011', 1, 'settled',
        'mail', 'ann', 'ann@example.com', 'Ann', 'UTC', 'en', 'gathered', 0, '2026-03-03 08:00Z',
        '2026-03-03 08:00Z', '01900000-0000-7000-8000-000000000016', '2026-03-02 10:00Z',
        '2026-03-02 10:00Z'),
       ('01900000-0000-7000-8000-000000000015', '01900000-0000-7000-8000-000000000012', 1, 'settled',
        'mail', 'ann', 'ann@example.com', 'Ann', 'UTC', 'en', 'waiting', 0, NULL,
        '2026-03-04 08:00Z', NULL, '2026-03-03 09:00Z', '2026-03-03 09:00Z');
