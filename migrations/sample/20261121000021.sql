-- A post in a channel that was made and is being changed, one with Ann, and a channel that takes none.
INSERT INTO chat_post (id, service, request_id, person, place, channel_id, message_id, created_at)
VALUES ('01900000-0000-7000-8000-000000000021', 'discord', 1, NULL, 'approvals', '7', '8',
        '2026-03-02 09:00Z'),
       ('01900000-0000-7000-8000-000000000022', 'discord', 1, 'ann', '9', NULL, NULL, '2026-03-02 09:00Z');
INSERT INTO chat_trouble (service, person, place, why, since)
VALUES ('discord', NULL, 'broken', '50001: Missing Access', '2026-03-02 09:00Z');
INSERT INTO notice (id, request_id, kind, person, facts, created_at)
VALUES ('01900000-0000-7000-8000-000000000023', 1, 'post', '#approvals', '{}', '2026-03-02 09:05Z');
INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone, locale,
                      next_try_at, post_id, created_at, tried_since)
VALUES ('01900000-0000-7000-8000-000000000024', '01900000-0000-7000-8000-000000000023', 1, 'post',
        'chat', '#approvals', 'approvals', '', 'UTC', 'en', '2026-03-02 09:05Z',
        '01900000-0000-7000-8000-000000000021', '2026-03-02 09:05Z', '2026-03-02 09:05Z');
