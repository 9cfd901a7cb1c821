-- What reports ask by: lists of requests, the newest filing first, by every filter of `request list`. An
-- index of a filter goes on with (filed_at, id), which is the order of every list, so that a page is read
-- off its end and a period is a stretch of it. Building them locks `request` against writing.

-- What a list asks by and `outcome` or `aside` say in full.
ALTER TABLE request
    ADD COLUMN end_cause text,           -- how its grant ended before its time (W22)
    ADD COLUMN has_approval boolean NOT NULL DEFAULT false,    -- among the votes that count
    ADD COLUMN has_disapproval boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT request_end_cause_known CHECK (end_cause IN ('revoked', 'returned')),
    ADD CONSTRAINT request_ended_is_approved CHECK (end_cause IS NULL OR state = 'approved');
UPDATE request AS r
SET end_cause = (SELECT end_cause FROM access_grant WHERE request_id = r.id),
    has_approval = EXISTS (SELECT FROM vote WHERE request_id = r.id AND decision = 'approve'),
    has_disapproval = EXISTS (SELECT FROM vote WHERE request_id = r.id AND decision = 'disapprove');

-- Lists without a filter, and of a period.
CREATE INDEX request_by_filing ON request (filed_at, id);
DROP INDEX request_by_requester;
-- `request list --requester`, `--mine`.
CREATE INDEX request_by_requester ON request (requester, filed_at, id);
-- `request list --status`.
CREATE INDEX request_by_state ON request (state, filed_at, id);
-- `request list --module`.
CREATE INDEX request_by_module ON request (module, filed_at, id);
-- `request list --resource`.
CREATE INDEX request_by_resource ON request (resource, filed_at, id);
-- `request list --emergency yes`.
CREATE INDEX request_emergencies ON request (filed_at, id) WHERE emergency;
-- `request list --emergency unreviewed`.
CREATE INDEX request_open_reviews ON request (filed_at, id) WHERE emergency AND NOT reviewed;
-- `request list --decision disapprove`: few requests have one.
CREATE INDEX request_disapproved ON request (filed_at, id) WHERE has_disapproval;
-- `request list --grant revoked`, and `returned`.
CREATE INDEX request_ended_early ON request (end_cause, filed_at, id) WHERE end_cause IS NOT NULL;
-- `request list --grant scheduled`, and `active`: what is not over is at the end of it.
CREATE INDEX access_grant_by_end ON access_grant (ends_at) WHERE ended_at IS NULL;

-- Every resource that was ever asked for: `request list --resource 'p*-7'` compares these, of which there
-- are few, and not the requests. Never removed from.
CREATE TABLE resource_name (
    name text COLLATE "C" PRIMARY KEY,   -- compared by bytes, so that it serves LIKE 'prod-%'
    CONSTRAINT resource_name_not_empty CHECK (name <> '')
);
INSERT INTO resource_name (name) SELECT DISTINCT resource FROM request;

-- Who has to do with a request: its requester, whoever was asked about it or told of an emergency, and
-- whoever decided something about it. They may look at it.
CREATE TABLE involved (
    request_id  bigint NOT NULL REFERENCES request (id),
    person      text NOT NULL,
    filed_at    timestamptz NOT NULL,  -- as the request has it
    approved    boolean NOT NULL DEFAULT false, -- by a vote that counts, theirs or given for them (W20)
    disapproved boolean NOT NULL DEFAULT false,
    decided     boolean NOT NULL DEFAULT false, -- either of them, or reviewed it, or revoked its grant
    PRIMARY KEY (request_id, person),
    CONSTRAINT involved_votes_are_decisions CHECK (decided OR NOT (approved OR disapproved))
);
-- What somebody may look at.
CREATE INDEX involved_of_person ON involved (person, filed_at, request_id);
-- `request list --decided-by`.
CREATE INDEX involved_decided ON involved (person, filed_at, request_id) WHERE decided;
INSERT INTO involved (request_id, person, filed_at, approved, disapproved, decided)
SELECT r.id, part.person, r.filed_at, bool_or(approved), bool_or(disapproved), bool_or(decided)
FROM request AS r JOIN (
    SELECT id AS request_id, requester AS person, false AS approved, false AS disapproved,
           false AS decided FROM request
    UNION ALL
    SELECT request_id, person, false, false, false FROM notice
    WHERE kind IN ('ask', 'reminder', 'confirm', 'emergency', 'review_reminder')
    UNION ALL
    SELECT request_id, whose, decision = 'approve', decision = 'disapprove', true
    FROM vote, UNNEST(ARRAY[person, on_behalf_of]) AS whose WHERE whose IS NOT NULL
    UNION ALL
    SELECT id, aside -> 'emergency' -> 'review' ->> 'by', false, false, true FROM request WHERE reviewed
    UNION ALL
    SELECT id, aside -> 'ended' ->> 'by', false, false, true FROM request WHERE end_cause = 'revoked'
) AS part ON part.request_id = r.id
WHERE part.person IS NOT NULL
GROUP BY r.id, part.person, r.filed_at;

-- Whom the current step of a pending request names, as the policy does: persons and groups, and whom it
-- was escalated to. A superset of those whose vote it waits for; the workflow says who of them it is.
CREATE TABLE awaited (
    request_id bigint NOT NULL REFERENCES request (id),
    who        text NOT NULL,          -- 'alice' or 'group:dba'
    filed_at   timestamptz NOT NULL,   -- as the request has it
    PRIMARY KEY (request_id, who),
    CONSTRAINT awaited_who_not_empty CHECK (who <> '')
);
-- `request list --waiting-for-me`.
CREATE INDEX awaited_of ON awaited (who, filed_at, request_id);
INSERT INTO awaited (request_id, who, filed_at)
SELECT DISTINCT r.id, coalesce(named ->> 'person', 'group:' || (named ->> 'group')), r.filed_at
FROM request AS r, LATERAL (SELECT terms -> 'steps' -> step AS step) AS current,
     jsonb_array_elements(
         current.step -> 'approvers'
         || CASE WHEN aside -> 'clock' -> 'escalated' @> to_jsonb(r.step)
                 THEN current.step -> 'escalation' -> 'to' ELSE '[]' END) AS named
WHERE r.settled_at IS NULL;
