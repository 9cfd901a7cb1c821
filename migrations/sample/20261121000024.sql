INSERT INTO alarm (key, kind, why, raised_at, told)
VALUES ('mail/900024', 'guessed-tokens', '21 mails within an hour present tokens that are not known.',
        '2026-03-02T09:00:00Z', true);
