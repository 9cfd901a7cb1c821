-- A post ends with the link of its account: it shows that, without buttons, and is not the place's post any
-- more. And a post whose reader is to notice something is made anew, because a change calls nobody; the
-- message before becomes a line that leads to the newer one.

ALTER TABLE chat_post
    ADD COLUMN closed_at      timestamptz,             -- the account is not its reader's any more
    ADD COLUMN anew_at        timestamptz,             -- since then its next change is to be a new message
    ADD COLUMN renewed        integer NOT NULL DEFAULT 0, -- how often it was made anew
    ADD COLUMN old_message_id text,                    -- the message before, until it is that line
    ADD CONSTRAINT chat_post_anew_is_direct CHECK (anew_at IS NULL OR person IS NOT NULL),
    ADD CONSTRAINT chat_post_old_has_channel CHECK (old_message_id IS NULL OR channel_id IS NOT NULL);
DROP INDEX chat_post_once;
-- One post of a request at a place; and: which posts a request has.
CREATE UNIQUE INDEX chat_post_once ON chat_post (request_id, service, coalesce(person, ''), place)
    WHERE closed_at IS NULL;

-- When the access admins were last told of it: not again within the hour.
ALTER TABLE chat_trouble ADD COLUMN told_at timestamptz;
