-- Mails as they came in: content once (by SHA-256), and every place in a mailbox where it was seen.

CREATE TABLE mailbox (                 -- how far each mailbox has been read
    name         text PRIMARY KEY,     -- user@host:port/INBOX
    uid_validity bigint NOT NULL,
    last_uid     bigint NOT NULL
);

CREATE TABLE inbound_mail (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256      bytea NOT NULL,
    message_id  text,
    size        bigint NOT NULL,
    raw         bytea,                 -- null where it was over the size limit, or pruned
    arrived_at  timestamptz,           -- INTERNALDATE
    recorded_at timestamptz NOT NULL,
    judged_at   timestamptz,
    verdict     text,
    why         text,
    CONSTRAINT inbound_mail_once UNIQUE (sha256),
    CONSTRAINT inbound_mail_verdict_known
        CHECK (verdict IN ('decision', 'answer', 'silent', 'alarm', 'later')),
    CONSTRAINT inbound_mail_judged_has_verdict
        CHECK (judged_at IS NULL OR (verdict IS NOT NULL AND why IS NOT NULL))
);
-- After a restart: what was recorded and not judged.
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
CREATE INDEX inbound_location_uncleared ON inbound_location (mailbox) WHERE cleared_at IS NULL;

-- Leases: which process watches a mailbox. By database time; every write checks the epoch.
CREATE TABLE lease (
    name       text PRIMARY KEY,
    holder     text NOT NULL,
    epoch      bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
