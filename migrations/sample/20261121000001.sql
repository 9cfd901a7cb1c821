-- One book, as `policy apply` would leave it, with nobody in it.
INSERT INTO policy_book (applied_at, applied_by, source, book)
VALUES ('2026-03-02 08:00Z', 'root', '',
        '{"version": 0, "people": {}, "groups": {}, "modules": {}, "policies": []}');
