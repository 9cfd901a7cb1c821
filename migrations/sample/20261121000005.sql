-- One mailbox with one judged mail that was cleared, and the lease of its watcher.
INSERT INTO mailbox (name, uid_validity, last_uid) VALUES ('imap://bot@mail.example:993/INBOX', 7, 1);
INSERT INTO inbound_mail (sha256, message_id, size, raw, arrived_at, recorded_at, judged_at, verdict, why)
VALUES (sha256('x'), '<1@example.com>', 1, 'x', '2026-03-02 09:04Z', '2026-03-02 09:05Z',
        '2026-03-02 09:05Z', 'decision', 'It approves.');
INSERT INTO inbound_location (mailbox, uid_validity, uid, mail_id, cleared_at)
SELECT 'imap://bot@mail.example:993/INBOX', 7, 1, id, '2026-03-02 09:05Z' FROM inbound_mail;
INSERT INTO lease (name, holder, epoch, expires_at)
VALUES ('imap://bot@mail.example:993/INBOX', 'one run', 1, '2026-03-02 09:06Z');
