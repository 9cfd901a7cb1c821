-- A request that was rejected because what it would have continued was revoked (W22) says of itself who did
-- that, as its event does. Without votes nobody else could be named to whoever comes too late (W14).

UPDATE request AS r
SET outcome = r.outcome || jsonb_build_object('cut', jsonb_build_object('base', cut -> 'base', 'by', cut -> 'by'))
FROM audit_event AS e, jsonb_array_elements(e.body::jsonb -> 'events') AS cut
WHERE r.state = 'rejected' AND r.extends IS NOT NULL AND NOT r.outcome ? 'cut'
  AND e.chain = 'request/' || r.id AND cut ->> 'event' = 'base_cut' AND cut ->> 'cause' = 'revoked';
