-- One request that waits, with a vote, and one that was approved, with its grant.
INSERT INTO request (id, requester, module, resource, account, window_seconds, policy, policy_version,
                     mode, terms, filed_at, pending_until, state, step, outcome)
VALUES (1, 'rita', 'credential', 'prod-db-1', 'admin', 3600, 'databases', 1, 'approval',
        '{"policy": "databases", "version": 1, "mode": "approval", "justification_required": false,
          "max_duration": "PT8H", "max_lead": "PT48H", "pending_ttl": "PT24H", "warn_before": "PT10M",
          "comment_required": false, "allow_self_approval": false, "distinct_approvers": true,
          "steps": [{"name": "Review", "approvers": [{"person": "ann"}, {"person": "ben"}],
                     "approvals": 2, "disapprovals": 1}]}',
        '2026-03-02 09:00Z', '2026-03-03 09:00Z', 'pending', 0, '{"state": "pending", "step": 0}');
INSERT INTO vote (request_id, step, person, position, decision, revision, at, channel, evidence)
VALUES (1, 0, 'ann', 0, 'approve', 1, '2026-03-02 09:05Z', 'mail',
        '{"method": "exempted-domain", "details": {}}');
INSERT INTO request (id, requester, module, resource, window_start, window_end, policy, policy_version,
                     mode, terms, filed_at, pending_until, state, settled_at, outcome)
SELECT 2, requester, 'certificate', 'vpn', '2026-03-02 10:00Z', '2026-03-02 11:00Z', policy,
       policy_version, mode, terms, filed_at, '2026-03-02 11:00Z', 'approved', '2026-03-02 09:10Z',
       '{"state": "approved", "at": "2026-03-02T09:10:00Z",
         "grant": {"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z"}}'
FROM request WHERE id = 1;
INSERT INTO access_grant (request_id, person, module, resource, starts_at, ends_at)
VALUES (2, 'rita', 'certificate', 'vpn', '2026-03-02 10:00Z', '2026-03-02 11:00Z');
