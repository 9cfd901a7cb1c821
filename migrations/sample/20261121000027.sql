INSERT INTO alarm (key, kind, request_id, person, why, raised_at, told)
VALUES ('mail/900027', 'never-proven', 1, 'ann', 'Its sender could not be proven within 24 hours.',
        '2026-03-02T09:30:00Z', true);
