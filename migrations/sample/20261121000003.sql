-- A key that counted, and a chain of one event. Its hashes are not real: nothing verifies samples.
INSERT INTO inbound (key, channel, received_at, outcome)
VALUES ('mail/1', 'mail', '2026-03-02 09:05Z', 'accepted');
INSERT INTO audit_chain (chain, seq, head) VALUES ('system/mail', 1, '\x01');
INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
VALUES ('system/mail', 1, '2026-03-02 09:05Z', '{}', '', '\x01');
