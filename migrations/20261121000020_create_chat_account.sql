-- Whose account in a chat is whose, as people have said by a mailed code or the operator on the command
-- line; what policies.toml says stands in the book and wins. Nothing is removed: who could decide by which
-- account at which time stays known. And the codes that are under way.

CREATE TABLE chat_account (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service    text NOT NULL,           -- e.g. discord
    account    text NOT NULL,           -- the service's own id of it, never a name
    person     text NOT NULL,
    linked_at  timestamptz NOT NULL,
    linked_by  text NOT NULL,           -- code: they showed what was mailed to them; operator
    ended_at   timestamptz,             -- null: it counts
    ended_by   text,                    -- themselves, operator, relinked
    CONSTRAINT chat_account_linked_by_known CHECK (linked_by IN ('code', 'operator')),
    CONSTRAINT chat_account_ended_by_known CHECK (ended_by IN ('themselves', 'operator', 'relinked')),
    CONSTRAINT chat_account_ended_whole CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT chat_account_not_empty CHECK (linked_at <= ended_at)
);
-- Who clicks: an account is one person's.
CREATE UNIQUE INDEX chat_account_one_person ON chat_account (service, account) WHERE ended_at IS NULL;
-- Whom we write to: a person has one account in a service.
CREATE UNIQUE INDEX chat_account_one_account ON chat_account (service, person) WHERE ended_at IS NULL;

CREATE TABLE chat_code (                -- a code that was mailed to link an account
    id         uuid PRIMARY KEY,        -- the code is derived of it under key_id and stands nowhere
    service    text NOT NULL,
    account    text NOT NULL,           -- who asked, and alone may show it
    person     text,                    -- whose address they named; null: nobody's, and no mail went out
    key_id     text NOT NULL,
    tries      integer NOT NULL DEFAULT 0,
    used_at    timestamptz,             -- it linked an account, and links none again
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT chat_code_tries_not_negative CHECK (tries >= 0),
    CONSTRAINT chat_code_not_empty CHECK (created_at < expires_at)
);
-- The code that an account waits for, and how many it asked for of late.
CREATE INDEX chat_code_by_account ON chat_code (service, account, created_at);
-- How many a person was sent of late.
CREATE INDEX chat_code_by_person ON chat_code (person, created_at);
-- Forgetting codes that are over.
CREATE INDEX chat_code_over ON chat_code (expires_at);
