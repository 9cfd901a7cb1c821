-- The proof of a sender is taken once, at first sight, and kept with the mail.

ALTER TABLE inbound_mail
    ADD COLUMN proof jsonb;            -- what our own check of the signatures found; null: not made
ALTER TABLE inbound_mail
    ADD CONSTRAINT inbound_mail_proof_is_an_object
        CHECK (proof IS NULL OR jsonb_typeof(proof) = 'object');
