-- What mail does not do: persons whom it does not reach, and answers that were held back by a quota.
-- A mark takes nothing away: mail to the person goes on being tried. Whoever writes a mark relies on
-- unreachable_once; nothing else is locked.

CREATE TABLE unreachable (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person      text NOT NULL,
    address     text NOT NULL,         -- as the delivery had it
    since       timestamptz NOT NULL,
    why         text NOT NULL,         -- what the server said, without addresses
    delivery_id uuid NOT NULL REFERENCES delivery (id),
    mail_id     bigint REFERENCES inbound_mail (id), -- the bounce; null: refused while it was sent
    ended_at    timestamptz,
    ended_by    text,
    CONSTRAINT unreachable_end_known CHECK (ended_by IN ('mail', 'address', 'operator')),
    CONSTRAINT unreachable_end_has_cause CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
-- One mark a person; and: who is marked now.
CREATE UNIQUE INDEX unreachable_once ON unreachable (person) WHERE ended_at IS NULL;
-- A bounce of what was sent before the last mark ended is not counted again.
CREATE INDEX unreachable_of_person ON unreachable (person, ended_at);

CREATE TABLE answer_withheld (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    person     text NOT NULL,
    request_id bigint NOT NULL REFERENCES request (id),
    kind       text NOT NULL,          -- refused or unclear
    quota      text NOT NULL,          -- the key in [limits] of bot.toml
    CONSTRAINT answer_withheld_quota_known
        CHECK (quota IN ('answers_per_request', 'answers_per_person', 'answers_in_all'))
);
-- `doctor`: what was held back lately.
CREATE INDEX answer_withheld_at ON answer_withheld (at);

-- The quotas: answers that explain, of the last day.
CREATE INDEX delivery_answers ON delivery (created_at) WHERE kind IN ('refused', 'unclear');
