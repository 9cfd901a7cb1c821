-- One mail a day instead of many: what may wait is a delivery that waits for its reader's digest. When
-- that is due, the courier gathers all that wait for it in one transaction: a delivery of kind `digest`
-- comes to be, and they end, pointing to it. Whoever gathers holds the rows that it ends; deciding
-- transactions only add some.

ALTER TABLE delivery
    ADD COLUMN digest_at timestamptz,    -- of one that waits or waited: until when. Of a digest: when it was due
    ADD COLUMN digest_id uuid REFERENCES delivery (id), -- the digest that it was gathered into
    DROP CONSTRAINT delivery_state_known,
    ADD CONSTRAINT delivery_state_known
        CHECK (state IN ('waiting', 'gathered', 'pending', 'leased', 'sent', 'given_up', 'cancelled',
                         'dropped')),
    DROP CONSTRAINT delivery_finished_has_time,
    ADD CONSTRAINT delivery_finished_has_time
        CHECK ((state IN ('waiting', 'pending', 'leased')) = (finished_at IS NULL)),
    ADD CONSTRAINT delivery_waiting_says_until CHECK (state <> 'waiting' OR digest_at IS NOT NULL),
    ADD CONSTRAINT delivery_gathered_has_digest CHECK ((state = 'gathered') = (digest_id IS NOT NULL)),
    ADD CONSTRAINT delivery_digest_was_due CHECK (kind <> 'digest' OR digest_at IS NOT NULL);

-- The courier: whose digest is due next.
CREATE INDEX delivery_waiting ON delivery (digest_at, person) WHERE state = 'waiting';
-- Nobody gets two digests for one instant, however many couriers gather.
CREATE UNIQUE INDEX delivery_digest_once ON delivery (person, digest_at) WHERE kind = 'digest';
