-- What we owe: notice (it happened) -> delivery (this person must hear of it by this channel) ->
-- attempt (one try). Written in the deciding transaction, worked off by the courier.

CREATE TABLE notice (
    id         uuid PRIMARY KEY,
    request_id bigint REFERENCES request (id),
    kind       text NOT NULL,
    person     text NOT NULL,
    facts      jsonb NOT NULL,         -- workflow::notice::Facts, a snapshot
    created_at timestamptz NOT NULL
);
-- `request show`: the messages of one request in order.
CREATE INDEX notice_by_request ON notice (request_id, created_at);

CREATE TABLE delivery (
    id          uuid PRIMARY KEY,
    notice_id   uuid NOT NULL REFERENCES notice (id),
    request_id  bigint REFERENCES request (id),
    kind        text NOT NULL,
    channel     text NOT NULL,
    person      text NOT NULL,
    address     text NOT NULL,
    name        text NOT NULL,
    zone        text NOT NULL,
    locale      text NOT NULL,
    in_reply_to text,                  -- Message-ID that this answers
    key_id      text,                  -- which operator's key its token is derived under; null: no reply offered
    state       text NOT NULL DEFAULT 'pending',
    attempts    integer NOT NULL DEFAULT 0, -- tries begun; the number of the newest attempt row
    attempts_before integer NOT NULL DEFAULT 0, -- of these, before somebody said `outbox retry`
    next_try_at timestamptz,
    lease       uuid,
    lease_until timestamptz,
    cancel_at   timestamptz,           -- cancelled while leased: no further try after this one
    finished_at timestamptz,
    last_error  text,
    created_at  timestamptz NOT NULL,
    tried_since timestamptz NOT NULL,  -- creation, or the last `outbox retry`: the age limit counts from here
    CONSTRAINT delivery_channel_known CHECK (channel IN ('mail')),
    CONSTRAINT delivery_state_known
        CHECK (state IN ('pending', 'leased', 'sent', 'given_up', 'cancelled', 'dropped')),
    CONSTRAINT delivery_attempts_in_order CHECK (0 <= attempts_before AND attempts_before <= attempts),
    CONSTRAINT delivery_pending_has_next_try CHECK ((state = 'pending') = (next_try_at IS NOT NULL)),
    CONSTRAINT delivery_leased_has_lease
        CHECK ((state = 'leased') = (lease IS NOT NULL) AND (lease IS NULL) = (lease_until IS NULL)),
    CONSTRAINT delivery_pending_not_cancelled CHECK (state <> 'pending' OR cancel_at IS NULL),
    CONSTRAINT delivery_finished_has_time
        CHECK ((state IN ('pending', 'leased')) = (finished_at IS NULL)),
    CONSTRAINT delivery_given_up_says_why CHECK (state <> 'given_up' OR last_error IS NOT NULL)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- The courier: what is due next.
CREATE INDEX delivery_due ON delivery (next_try_at) WHERE state = 'pending';
-- The courier: leases that ran out (its holder died).
CREATE INDEX delivery_lease_over ON delivery (lease_until) WHERE state = 'leased';
-- Settling a request: its messages not yet sent.
CREATE INDEX delivery_open_by_request ON delivery (request_id) WHERE state IN ('pending', 'leased');
-- `outbox list`: what gave up.
CREATE INDEX delivery_given_up ON delivery (finished_at) WHERE state = 'given_up';

CREATE TABLE attempt (
    delivery_id uuid NOT NULL REFERENCES delivery (id),
    number      integer NOT NULL,      -- from 1
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    outcome     text,                  -- null while under way, or when its process died
    detail      text,
    PRIMARY KEY (delivery_id, number),
    CONSTRAINT attempt_outcome_known CHECK (outcome IN ('sent', 'retry', 'give_up')),
    CONSTRAINT attempt_finished_has_outcome CHECK ((finished_at IS NULL) = (outcome IS NULL))
);

CREATE TABLE token (
    hash        bytea PRIMARY KEY,     -- SHA-256 of the token; the token itself is nowhere
    delivery_id uuid NOT NULL REFERENCES delivery (id),
    person      text NOT NULL,
    request_id  bigint NOT NULL REFERENCES request (id),
    step        integer NOT NULL,
    revision    integer NOT NULL,
    issued_at   timestamptz NOT NULL,
    CONSTRAINT token_hash_is_sha256 CHECK (octet_length(hash) = 32)
);
CREATE INDEX token_by_request ON token (request_id);
