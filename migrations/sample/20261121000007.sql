INSERT INTO seal_key (id, public_key, first_used)
VALUES ('66687aadf862bd77', decode(repeat('00', 32), 'hex'), '2026-03-02 09:10Z');
INSERT INTO seal (number, at, leaves, events, root, previous, key_id, hash, signature)
VALUES (1, '2026-03-02 09:10Z', 1, 1, decode(repeat('11', 32), 'hex'), decode(repeat('00', 32), 'hex'),
        '66687aadf862bd77', decode(repeat('22', 32), 'hex'), decode(repeat('33', 64), 'hex'));
INSERT INTO seal_leaf (chain, seq, hash, seal)
SELECT chain, seq, hash, 1 FROM audit_event ORDER BY chain, seq LIMIT 1;
