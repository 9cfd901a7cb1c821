-- The timer's index, under a condition that only the timer asks by. While it said `state = 'pending'`, a
-- database without statistics also took it to find one person's pending request (W6), and walked through
-- all that are pending. Building it anew locks `request` against writing for as long as that takes.

DROP INDEX request_next_due;
-- The timer: which pending request is due next (W18).
CREATE INDEX request_next_due ON request (pending_until) WHERE settled_at IS NULL;
