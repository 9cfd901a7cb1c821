-- Ann's first ask came back, she wrote, and an answer to her was held back.
INSERT INTO unreachable (person, address, since, why, delivery_id, ended_at, ended_by)
VALUES ('ann', 'ann@example.com', '2026-03-02 09:02Z', '5.1.1', '01900000-0000-7000-8000-000000000002',
        '2026-03-02 09:30Z', 'mail');
INSERT INTO answer_withheld (at, person, request_id, kind, quota)
VALUES ('2026-03-02 09:40Z', 'ann', 1, 'unclear', 'answers_per_request');
