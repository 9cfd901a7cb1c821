-- A post that ended with its link, and another one with the same reader whose message was made anew.
UPDATE chat_post SET closed_at = '2026-03-02 09:10Z' WHERE id = '01900000-0000-7000-8000-000000000022';
INSERT INTO chat_post (id, service, request_id, person, place, channel_id, message_id, created_at, anew_at,
                       renewed, old_message_id)
VALUES ('01900000-0000-7000-8000-000000000029', 'discord', 1, 'ann', '9', '10', '11', '2026-03-02 09:20Z',
        '2026-03-02 09:30Z', 1, '12');
UPDATE chat_trouble SET told_at = '2026-03-02 09:00Z' WHERE place = 'broken';
