-- Deciding by the link in a mail: link tokens beside reply tokens, drafts of decisions that wait for their
-- maker's word (a mailed code, or a look at the window as it was understood), and the browsers that showed
-- a code. A draft is nothing to the workflow until it is confirmed; opening a page writes nothing.

ALTER TABLE token
    ADD COLUMN purpose text NOT NULL DEFAULT 'reply',  -- a reply token is not taken as a link, nor a link as a reply
    ADD COLUMN revoked_at timestamptz,   -- the operator or a forwarded mail ended it before its request did
    ADD CONSTRAINT token_purpose_known CHECK (purpose IN ('reply', 'link'));

ALTER TABLE delivery
    ADD COLUMN link_key_id text;         -- as key_id, for its link token; null: no link offered

CREATE TABLE web_draft (                 -- a decision as the form said it
    id         uuid PRIMARY KEY,         -- the form's number: the same form makes one draft
    token      bytea NOT NULL REFERENCES token (hash),
    revision   integer NOT NULL,         -- what the page showed (W16)
    decision   text NOT NULL,
    comment    text,
    sets       text,                     -- the window in words, as it was said back; null: as it is
    key_id     text,                     -- the key of its mailed code; null: the browser is known
    tries      integer NOT NULL DEFAULT 0, -- codes that were shown, right or wrong
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT web_draft_decision_known CHECK (decision IN ('approve', 'disapprove')),
    CONSTRAINT web_draft_tries_not_negative CHECK (tries >= 0),
    CONSTRAINT web_draft_not_empty CHECK (created_at < expires_at)
);
-- How many codes one link has asked for of late.
CREATE INDEX web_draft_by_token ON web_draft (token, created_at);
-- Forgetting drafts that are over.
CREATE INDEX web_draft_over ON web_draft (expires_at);

CREATE TABLE web_browser (               -- who showed a mailed code in which browser
    hash       bytea PRIMARY KEY,        -- SHA-256 of the cookie; the cookie itself is nowhere
    person     text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT web_browser_hash_is_sha256 CHECK (octet_length(hash) = 32),
    CONSTRAINT web_browser_not_empty CHECK (created_at < expires_at)
);
-- Forgetting browsers whose time is over.
CREATE INDEX web_browser_over ON web_browser (expires_at);
