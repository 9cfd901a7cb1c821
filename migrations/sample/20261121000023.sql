-- An event of another day.
INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
VALUES ('system/sample', 1, '2026-03-09T09:00:00Z', '{}', '', '\x00');
