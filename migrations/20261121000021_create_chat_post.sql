-- What a chat shows of requests. A post is one message at one place, a channel or the direct messages with
-- one person, that always shows its request as it is. Making and changing it are deliveries with a post_id.
-- Whoever decides about a request holds its row and alone adds posts and deliveries of it; whoever delivers
-- holds the delivery by its lease and alone writes where the post stands.

CREATE TABLE chat_post (
    id         uuid PRIMARY KEY,
    service    text NOT NULL,          -- e.g. discord
    request_id bigint NOT NULL REFERENCES request (id),
    person     text,                   -- with whom; null: in a channel
    place      text NOT NULL,          -- the person's account, or the name of the channel
    channel_id text,                   -- the service's ids, once it stands there
    message_id text,
    begun_at   timestamptz,            -- a first try was begun: the message may stand there unknown to us
    round      integer NOT NULL DEFAULT 0, -- how often it was posted anew, because it was taken away
    gone_at    timestamptz,            -- taken away for good: it is not changed any more
    created_at timestamptz NOT NULL,
    CONSTRAINT chat_post_message_has_channel CHECK (message_id IS NULL OR channel_id IS NOT NULL)
);
-- One post of a request at a place; and: which posts a request has.
CREATE UNIQUE INDEX chat_post_once ON chat_post (request_id, service, coalesce(person, ''), place);
-- Direct messages that were opened before.
CREATE INDEX chat_post_direct ON chat_post (service, place)
    WHERE person IS NOT NULL AND channel_id IS NOT NULL;

-- Places that take no posts. One of a person is left alone until it ends; one of a channel is tried again
-- with every new post, and the access admins are told of it once.
CREATE TABLE chat_trouble (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service  text NOT NULL,
    person   text,                     -- as in chat_post
    place    text NOT NULL,
    why      text NOT NULL,            -- what the service said
    since    timestamptz NOT NULL,
    ended_at timestamptz,              -- a post was taken again, or the account was linked anew
    CONSTRAINT chat_trouble_not_empty CHECK (since <= ended_at)
);
CREATE UNIQUE INDEX chat_trouble_once ON chat_trouble (service, coalesce(person, ''), place)
    WHERE ended_at IS NULL;

ALTER TABLE delivery
    ADD COLUMN post_id uuid REFERENCES chat_post (id),
    DROP CONSTRAINT delivery_channel_known,
    ADD CONSTRAINT delivery_channel_known CHECK (channel IN ('mail', 'chat')),
    ADD CONSTRAINT delivery_chat_has_post CHECK ((channel = 'chat') = (post_id IS NOT NULL)),
    ADD CONSTRAINT delivery_chat_never_waits CHECK (channel <> 'chat' OR state <> 'waiting');
-- A newer state of a post takes the place of the one that was not sent yet, and waits for the one that is
-- under way. The first is also: what of a post is pending.
CREATE UNIQUE INDEX delivery_one_pending ON delivery (post_id) WHERE state = 'pending' AND post_id IS NOT NULL;
CREATE UNIQUE INDEX delivery_one_leased ON delivery (post_id) WHERE state = 'leased' AND post_id IS NOT NULL;
-- `outbox retry`: whether it is the newest of its post.
CREATE INDEX delivery_of_post ON delivery (post_id, id) WHERE post_id IS NOT NULL;
DROP INDEX delivery_due;
-- The couriers: what is due next, each by its own channel, so that one that is down does not slow the other.
CREATE INDEX delivery_due ON delivery (channel, next_try_at) WHERE state = 'pending';
