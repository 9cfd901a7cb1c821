-- Two more kinds of alarm: many mails with tokens that nobody was given, many visits with links that nobody
-- was. Neither is about a request or a person.

ALTER TABLE alarm
    DROP CONSTRAINT alarm_kind_known,
    ADD CONSTRAINT alarm_kind_known CHECK (kind IN ('foreign-sender', 'tokens-disagree',
        'used-token-unproven', 'sender-refused', 'not-entitled', 'guessed-tokens', 'unknown-links'));
