-- Mails as they came in: content once (by SHA-256), and every place in a mailbox where it was seen.

CREATE TABLE mailbox (                 -- how far each mailbox has been read
    name         text PRIMARY KEY,     -- imap://user@host:port/INBOX
    uid_validity bigint NOT NULL,
    last_uid     bigint NOT NULL       -- every mail up to here is in inbound_location
);

CREATE TABLE inbound_mail (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256      bytea NOT NULL,        -- of the raw bytes; over the size limit: of its header and size
    message_id  text,
    size        bigint NOT NULL,       -- in bytes
    raw         bytea,                 -- null where it was over the size limit, or pruned
    arrived_at  timestamptz,           -- INTERNALDATE
    recorded_at timestamptz NOT NULL,
    tries       integer NOT NULL DEFAULT 0, -- judgements begun after a restart and not ended
    judge_after timestamptz,           -- put off until then; null: at once
    judged_at   timestamptz,
    verdict     text,
    why         text,
    CONSTRAINT inbound_mail_once UNIQUE (sha256),
    CONSTRAINT inbound_mail_verdict_known
        CHECK (verdict IN ('decision', 'answer', 'silent', 'alarm', 'later')),
    CONSTRAINT inbound_mail_judged_has_verdict
        CHECK (judged_at IS NULL OR (verdict IS NOT NULL AND why IS NOT NULL)),
    CONSTRAINT inbound_mail_later_is_not_judged CHECK (judged_at IS NULL OR verdict <> 'later'),
    CONSTRAINT inbound_mail_tries_not_negative CHECK (tries >= 0)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
-- Mails are mostly base64: compressing them costs more than it saves, and a verdict must not copy them.
ALTER TABLE inbound_mail ALTER COLUMN raw SET STORAGE EXTERNAL;
-- After a restart, and for what was put off: what was recorded and not judged, oldest first.
CREATE INDEX inbound_mail_unjudged ON inbound_mail (id) WHERE judged_at IS NULL;

CREATE TABLE inbound_location (
    mailbox      text NOT NULL REFERENCES mailbox (name),
    uid_validity bigint NOT NULL,
    uid          bigint NOT NULL,
    mail_id      bigint NOT NULL REFERENCES inbound_mail (id),
    cleared_at   timestamptz,          -- flagged or moved on the server
    PRIMARY KEY (mailbox, uid_validity, uid)
);
-- After a restart: what is judged and still lies in the inbox.
CREATE INDEX inbound_location_uncleared ON inbound_location (mailbox, uid_validity, uid)
    WHERE cleared_at IS NULL;
-- Where a mail lies, once it has been judged.
CREATE INDEX inbound_location_by_mail ON inbound_location (mail_id);

-- Leases: which process watches a mailbox. By database time; every write checks the epoch.
CREATE TABLE lease (
    name       text PRIMARY KEY,
    holder     text NOT NULL,          -- one run of one daemon
    epoch      bigint NOT NULL,        -- one more with every change of holder
    expires_at timestamptz NOT NULL,
    CONSTRAINT lease_epoch_counts_from_one CHECK (epoch >= 1)
);
