-- An event of a day after the others.
INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
VALUES ('system/sample', 2, '2026-03-10T09:00:00Z', '{}', '', '\x00');
