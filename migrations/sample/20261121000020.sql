-- Ann linked an account, and then another; a code that nobody has shown.
INSERT INTO chat_account (service, account, person, linked_at, linked_by, ended_at, ended_by)
VALUES ('discord', '1001', 'ann', '2026-03-02 09:00Z', 'code', '2026-03-02 09:10Z', 'relinked'),
       ('discord', '1002', 'ann', '2026-03-02 09:10Z', 'operator', NULL, NULL);
INSERT INTO chat_code (id, service, account, person, key_id, created_at, expires_at)
VALUES ('01920000-0000-7000-8000-0000000000c1', 'discord', '1003', 'bob', '1', '2026-03-02 09:00Z',
        '2026-03-02 09:10Z');
