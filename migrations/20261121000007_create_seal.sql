-- Seals close intervals of the audit trail (W27): each names the ends of all chains that moved since the
-- seal before it, as one Merkle root, chained to that seal and signed. Written by the sealer, under the
-- lease `sealer`, and never changed.

-- Chains are ordered by the bytes of their names, on every machine alike: `audit verify` reads events,
-- heads and leaves side by side in this order.
ALTER TABLE audit_event ALTER COLUMN chain TYPE text COLLATE "C";
ALTER TABLE audit_chain ALTER COLUMN chain TYPE text COLLATE "C";

CREATE VIEW audit_head AS              -- the end of every chain; of a request's in its row
    SELECT chain, seq, head AS hash FROM audit_chain
    UNION ALL SELECT ('request/' || id) COLLATE "C", chain_seq, chain_head FROM request;

CREATE TABLE seal_key (                -- every key that ever sealed; whom to believe says bot.toml
    id         text PRIMARY KEY,       -- the first 16 hexadecimal digits of SHA-256 of the public key
    public_key bytea NOT NULL,
    first_used timestamptz NOT NULL,
    CONSTRAINT seal_key_is_ed25519 CHECK (octet_length(public_key) = 32)
);

CREATE TABLE seal (
    number    bigint PRIMARY KEY,      -- from 1, without gaps
    at        timestamptz NOT NULL,
    leaves    bigint NOT NULL,         -- chains that moved since the seal before
    events    bigint NOT NULL,         -- events that they grew by
    root      bytea NOT NULL,          -- of the Merkle tree over the leaves, in the order of their chains
    previous  bytea NOT NULL,          -- hash of the seal before; zeros for the first
    key_id    text NOT NULL REFERENCES seal_key (id),
    hash      bytea NOT NULL,          -- SHA-256 of the statement that is signed
    signature bytea NOT NULL,
    CONSTRAINT seal_counts_from_one CHECK (number >= 1),
    CONSTRAINT seal_covers_something CHECK (leaves >= 1 AND events >= leaves),
    CONSTRAINT seal_hashes_are_sha256 CHECK
        (octet_length(root) = 32 AND octet_length(previous) = 32 AND octet_length(hash) = 32),
    CONSTRAINT seal_signature_is_ed25519 CHECK (octet_length(signature) = 64)
);

CREATE TABLE seal_leaf (               -- the end of one chain as one seal saw it
    chain text COLLATE "C" NOT NULL,
    seq   bigint NOT NULL,
    hash  bytea NOT NULL,              -- of the event of this number
    -- Deferred: the leaves are written first, for the root is made of them.
    seal  bigint NOT NULL REFERENCES seal (number) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (chain, seq)
);
-- `audit verify`: the leaves of a seal, in the order of its tree.
CREATE INDEX seal_leaf_by_seal ON seal_leaf (seal, chain);
