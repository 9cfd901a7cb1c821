-- No new place for rows: a request whose account is not meant has none.
UPDATE request SET account = NULL WHERE id = 2 AND account IS NULL;
