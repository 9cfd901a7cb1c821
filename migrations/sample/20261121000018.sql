-- Somebody else answered what Ann was asked.
INSERT INTO alarm (key, kind, request_id, person, why, raised_at, told)
VALUES ('mail/1', 'foreign-sender', 1, 'ann', 'Its token is of ann.', '2026-03-02 09:06Z', true);
