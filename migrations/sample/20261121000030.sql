INSERT INTO chat_trouble (service, person, place, why, since, kind, said_at)
VALUES ('discord', 'ann', '9', '50278: no mutual guild', '2026-03-02 09:00Z', 'apart', '2026-03-03 09:00Z');
