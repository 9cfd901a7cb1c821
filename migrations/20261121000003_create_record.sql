-- What reached us and what came of it: the ledger that makes every inbound thing count once, and the
-- audit trail, chained per request and, for what belongs to no request, per source (W27).

CREATE TABLE inbound (
    key         text PRIMARY KEY,      -- e.g. mail/17, cli/<uuid>, timer/expire/42
    channel     text NOT NULL,
    received_at timestamptz NOT NULL,
    outcome     text NOT NULL,         -- what came of it
    CONSTRAINT inbound_outcome_known
        CHECK (outcome IN ('accepted', 'refused', 'unclear', 'unidentified'))
);

CREATE TABLE audit_chain (             -- heads of the chains that have no request row
    chain text PRIMARY KEY,            -- system/<channel>
    seq   bigint NOT NULL,
    head  bytea NOT NULL
);

CREATE TABLE audit_event (
    chain     text NOT NULL,           -- request/<id> or system/<channel>
    seq       bigint NOT NULL,         -- from 1, without gaps within a chain
    at        timestamptz NOT NULL,
    body      text NOT NULL,           -- canonical JSON, exactly the bytes that were hashed
    prev_hash bytea NOT NULL,
    hash      bytea NOT NULL,          -- SHA-256 over chain, seq, prev_hash and body
    PRIMARY KEY (chain, seq)
);
