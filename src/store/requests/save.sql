-- Writes what accepted commands made of locked requests, with the event of each chain that says why.
--
-- $1: one object a request, as `SavedRow` has it. That an event's number follows the one before it is always
-- so; it is said here for the planner, which takes rows from JSON for a hundred and those that fit such a
-- condition for one, and then goes by the indexes.
--
-- Everything sees the state before: `cancelled` does not meet an ask that the same command adds.
WITH row AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1)
    AS row (id bigint, prev bigint, was_open boolean, state text, step integer,
      settled_at timestamptz, outcome jsonb, seq bigint, head text, prev_head text,
      at timestamptz, body text, proof jsonb, window_start timestamptz,
      window_end timestamptz, window_seconds bigint, revision integer,
      pending_until timestamptz, emergency boolean, reviewed boolean, aside jsonb,
      next_due timestamptz, end_cause text, has_approval boolean, has_disapproval boolean,
      filed_at timestamptz, votes jsonb, voided jsonb, awaits text[],
      awaits_no_more text[], involved jsonb, granted jsonb, ended_at timestamptz,
      cancel integer[], key text, channel text)
  WHERE seq = prev + 1
), voted AS (
  INSERT INTO vote (request_id, step, person, decision, comment, revision, at, channel,
                    on_behalf_of, evidence, position)
  SELECT row.id, v.step, v.person, v.decision, v.comment, v.revision, v.at, v.channel,
         v.on_behalf_of, row.proof, v.position
  FROM row, jsonb_to_recordset(row.votes)
    AS v (step integer, person text, decision text, comment text, revision integer,
          at timestamptz, channel text, on_behalf_of text, position integer)
  ON CONFLICT (request_id, step, person) DO UPDATE
  SET decision = excluded.decision, comment = excluded.comment,
      revision = excluded.revision, at = excluded.at, channel = excluded.channel,
      on_behalf_of = excluded.on_behalf_of, evidence = excluded.evidence
), voided AS (
  DELETE FROM vote USING row, jsonb_to_recordset(row.voided) AS v (step integer, person text)
  WHERE vote.request_id = row.id AND vote.step = v.step AND vote.person = v.person
), audited AS (
  INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
  SELECT 'request/' || id, seq, at, body, decode(prev_head, 'hex'), decode(head, 'hex') FROM row
), granted AS (
  INSERT INTO access_grant (request_id, person, module, resource, account, starts_at, ends_at,
                            emergency, reason, filed_at)
  SELECT row.id, g.person, g.module, g.resource, g.account, g.starts_at, g.ends_at,
         row.emergency, g.reason, row.filed_at
  FROM row, jsonb_to_recordset(row.granted)
    AS g (person text, module text, resource text, account text, starts_at timestamptz,
          ends_at timestamptz, reason text)
), ended AS (
  UPDATE access_grant AS g SET ended_at = row.ended_at, end_cause = row.end_cause
  FROM row WHERE g.request_id = row.id AND row.ended_at IS NOT NULL
), awaits AS (
  INSERT INTO awaited (request_id, who, filed_at)
  SELECT id, who, filed_at FROM row, UNNEST(row.awaits) AS who
), awaits_no_more AS (
  DELETE FROM awaited USING row
  WHERE request_id = row.id AND who = ANY(row.awaits_no_more)
), concerns AS (
  INSERT INTO involved (request_id, person, filed_at, approved, disapproved, decided)
  SELECT row.id, i.person, row.filed_at, i.approved, i.disapproved, i.decided
  FROM row, jsonb_to_recordset(row.involved)
    AS i (person text, approved boolean, disapproved boolean, decided boolean)
  ON CONFLICT (request_id, person) DO UPDATE
  SET (approved, disapproved, decided)
      = (excluded.approved, excluded.disapproved, excluded.decided)
), cancelled AS (
  UPDATE delivery AS d
  SET state = CASE d.state WHEN 'pending' THEN 'cancelled' ELSE d.state END,
      next_try_at = NULL, cancel_at = row.at,
      finished_at = CASE d.state WHEN 'pending' THEN row.at END
  FROM row, notice AS n
  WHERE d.request_id = row.id AND row.cancel IS NOT NULL AND n.id = d.notice_id
    AND d.kind IN ('ask', 'reminder', 'confirm') AND d.state IN ('pending', 'leased')
    AND (n.facts ->> 'step')::integer = ANY(row.cancel)
), claimed AS (
  INSERT INTO inbound (key, channel, received_at, outcome)
  SELECT key, channel, at, 'accepted' FROM row WHERE key IS NOT NULL ORDER BY key
)
UPDATE request AS r
SET state = row.state, step = row.step, settled_at = row.settled_at, outcome = row.outcome,
    chain_seq = row.seq, chain_head = decode(row.head, 'hex'),
    window_start = row.window_start, window_end = row.window_end,
    window_seconds = row.window_seconds, revision = row.revision,
    pending_until = row.pending_until, emergency = row.emergency, reviewed = row.reviewed,
    aside = row.aside, next_due_at = row.next_due, end_cause = row.end_cause,
    has_approval = row.has_approval, has_disapproval = row.has_disapproval
FROM row
WHERE r.id = row.id AND r.chain_seq = row.prev AND (r.settled_at IS NULL) = row.was_open
