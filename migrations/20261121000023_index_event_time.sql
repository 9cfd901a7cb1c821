-- `audit export --since` and `--until` read only the part of the record that they ask for. Events are
-- appended in the order of time, so that ranges of pages say enough; such an index costs an append next to
-- nothing, and answers by all channels at once.

CREATE INDEX audit_event_by_time ON audit_event USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
