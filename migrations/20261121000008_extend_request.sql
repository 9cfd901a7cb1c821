-- What comes after the filing of a request and after its approval: changed windows (W16), reminders and
-- escalation (W19), delegation (W20), the life of a grant (W21-W23), emergencies (W24-W26), votes that
-- wait for a confirmation (W30).

ALTER TABLE request
    ADD COLUMN extends bigint REFERENCES request (id),  -- the request whose grant it continues (W23)
    ADD COLUMN aside jsonb,              -- store::requests::rows::Aside; null: as right after its filing
    ADD COLUMN next_due_at timestamptz,  -- when the clock has to look again; null: never (W18-W26)
    ADD COLUMN emergency boolean NOT NULL DEFAULT false, -- for good (W25)
    ADD COLUMN reviewed boolean NOT NULL DEFAULT false,  -- of an emergency (W26)
    ADD CONSTRAINT request_emergency_is_approved CHECK (NOT emergency OR state = 'approved'),
    ADD CONSTRAINT request_reviewed_is_emergency CHECK (NOT reviewed OR emergency),
    ADD CONSTRAINT request_extends_an_earlier CHECK (extends < id);
UPDATE request SET next_due_at = pending_until WHERE state = 'pending';

DROP INDEX request_next_due;
-- The timer: what is due next, whatever it is. No other query asks by this column.
CREATE INDEX request_next_due ON request (next_due_at) WHERE next_due_at IS NOT NULL;
-- What continues a grant.
CREATE INDEX request_extends ON request (extends) WHERE extends IS NOT NULL;
-- W26: somebody's emergencies without a review.
CREATE INDEX request_unreviewed ON request (requester) WHERE emergency AND NOT reviewed;

ALTER TABLE vote ADD COLUMN on_behalf_of text; -- whose vote a delegate gave (W20)

ALTER TABLE access_grant
    ADD COLUMN emergency boolean NOT NULL DEFAULT false,
    ADD COLUMN reason text,              -- why it was asked for
    ADD COLUMN ended_at timestamptz,     -- ended before its time (W22)
    ADD COLUMN end_cause text,
    ADD CONSTRAINT access_grant_end_cause_known CHECK (end_cause IN ('revoked', 'returned')),
    ADD CONSTRAINT access_grant_end_has_cause CHECK ((ended_at IS NULL) = (end_cause IS NULL));
-- W22, W23: the other grants of the same person and thing.
CREATE INDEX access_grant_of_person ON access_grant (person, module, resource, ends_at)
    WHERE ended_at IS NULL;

-- Where every grant stands, by the clock alone (W21): no job has to have run.
CREATE VIEW grants AS
    SELECT request_id, person, module, resource, account, reason, emergency, starts_at,
           coalesce(ended_at, ends_at) AS ends_at,
           CASE WHEN end_cause IS NOT NULL THEN end_cause
                WHEN countersign_now() < starts_at THEN 'scheduled'
                WHEN countersign_now() < ends_at THEN 'active'
                ELSE 'ended' END AS state
    FROM access_grant;

-- One that is ended before its beginning was never active, one that is ended early is not active after.
DROP VIEW active_grants;
CREATE VIEW active_grants AS
    SELECT request_id, person, module, resource, account, reason, emergency, starts_at, ends_at
    FROM access_grant
    WHERE ended_at IS NULL AND starts_at <= countersign_now() AND countersign_now() < ends_at;

-- W20. The newest `change` is the version of all delegations: whoever writes one holds the table.
CREATE TABLE delegation (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_person text NOT NULL,
    to_person   text NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz,             -- its maker ended it before its time
    change      bigint NOT NULL,
    CONSTRAINT delegation_not_to_oneself CHECK (from_person <> to_person),
    CONSTRAINT delegation_not_empty CHECK (starts_at < ends_at)
);
CREATE UNIQUE INDEX delegation_change ON delegation (change);
CREATE INDEX delegation_of_person ON delegation (from_person, ends_at) WHERE ended_at IS NULL;
