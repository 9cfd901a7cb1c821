-- Troubles of a chat are not alike: who takes no messages is left alone for a day and not for ever, who shares
-- no guild with us only while we are in none; where we may not write, what stands can still be changed; and
-- what is refused for a reason that nobody foresaw is told, and closes nothing.

ALTER TABLE chat_trouble
    ADD COLUMN kind text NOT NULL DEFAULT 'broken',
                                        -- closed: they take no messages; apart: they share no guild with us;
                                        -- mute: we may not write there; broken: anything else
    ADD COLUMN said_at timestamptz NOT NULL DEFAULT statement_timestamp();
                                        -- when the service said so last
UPDATE chat_trouble
SET said_at = since,
    kind = CASE WHEN person IS NOT NULL AND why LIKE '% 50278%' THEN 'apart'
                WHEN person IS NOT NULL THEN 'closed'
                WHEN why LIKE '% 50013%' THEN 'mute'
                ELSE 'broken' END;
ALTER TABLE chat_trouble
    ADD CONSTRAINT chat_trouble_kind_known CHECK (kind IN ('closed', 'apart', 'mute', 'broken')),
    ADD CONSTRAINT chat_trouble_said_after_since CHECK (since <= said_at);
