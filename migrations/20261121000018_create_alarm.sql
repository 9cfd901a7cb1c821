-- What looks like an attack on a decision: a token in the wrong hands, a sender who is not proven with a
-- token that has done its work. Written in the transaction that finds it; the access admins are told of so
-- many an hour as they can read.

CREATE TABLE alarm (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        text NOT NULL,          -- of the inbound thing that raised it, e.g. mail/7: one alarm each
    kind       text NOT NULL,
    request_id bigint REFERENCES request (id),
    person     text,                   -- whose token or right it is about
    why        text NOT NULL,          -- one sentence
    raised_at  timestamptz NOT NULL,
    told       boolean NOT NULL,       -- whether the access admins got a mail of it
    CONSTRAINT alarm_once UNIQUE (key),
    CONSTRAINT alarm_kind_known CHECK (kind IN ('foreign-sender', 'tokens-disagree',
        'used-token-unproven', 'sender-refused', 'not-entitled'))
);
-- How many of late, and whether of the same.
CREATE INDEX alarm_by_time ON alarm (raised_at);
