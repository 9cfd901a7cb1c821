-- One more kind of alarm: a reply from the right address that DNS did not prove in time.

ALTER TABLE alarm
    DROP CONSTRAINT alarm_kind_known,
    ADD CONSTRAINT alarm_kind_known CHECK (kind IN ('foreign-sender', 'tokens-disagree',
        'used-token-unproven', 'sender-refused', 'never-proven', 'not-entitled', 'guessed-tokens',
        'unknown-links'));
