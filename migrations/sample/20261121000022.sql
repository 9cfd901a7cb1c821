INSERT INTO chat_commands (service, place, hash, told_at)
VALUES ('discord', '1001/2002', sha256('a definition'), '2026-03-02T09:00:00Z');
