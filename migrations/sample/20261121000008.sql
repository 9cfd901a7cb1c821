UPDATE request SET aside = '{"past_windows": [], "held": [], "emergency": null, "ended": null,
    "clock": {"since": "2026-03-02T09:00:00Z", "reminded": 0, "escalated": [], "stranded": false,
              "started": true, "warned": false, "over": false, "review_reminded": 0}}'
    WHERE id = (SELECT min(id) FROM request);
INSERT INTO delegation (from_person, to_person, starts_at, ends_at, created_at, change)
VALUES ('ann', 'ben', '2026-03-02 09:00Z', '2026-03-09 09:00Z', '2026-03-02 08:00Z', 1);
