-- Two database roles for Countersign: one owns the tables, one is the daemon's and may add to the record
-- but not change it. Printed by `countersign migrate --roles` with your names for the roles.
--
-- Run it in Countersign's database as a superuser, after `countersign migrate`, and again after every
-- upgrade (a new table of the record starts with the rights of any other). It is safe to repeat. It sets no
-- passwords: set them with \password. The daemon's goes into [database] url; the owner's stays with you,
-- for `countersign migrate --url-file FILE`.
BEGIN;

DO $$
DECLARE
    role text;
    it record;
BEGIN
    FOREACH role IN ARRAY ARRAY['countersign_owner', 'countersign_daemon'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_daemon' AND (rolsuper OR rolcreaterole))
       OR pg_has_role('countersign_daemon', 'countersign_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'countersign_daemon is superuser, makes roles, or is a member of countersign_owner: '
                        'it could give itself every right; choose another role';
    END IF;

    -- Whoever owns the database or the schema may drop what is in it.
    EXECUTE format('ALTER DATABASE %I OWNER TO countersign_owner', current_database());
    EXECUTE format('ALTER SCHEMA %I OWNER TO countersign_owner', current_schema());
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, countersign_daemon', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO countersign_daemon', current_schema());
    FOR it IN SELECT oid::regclass AS name FROM pg_class
              WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO countersign_owner', it.name);
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, countersign_daemon', it.name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO countersign_daemon', it.name);
    END LOOP;
    FOR it IN SELECT oid::regprocedure AS name FROM pg_proc
              WHERE pronamespace = current_schema()::regnamespace LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO countersign_owner', it.name);
    END LOOP;
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO countersign_daemon', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE countersign_owner IN SCHEMA %I
                    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO countersign_daemon', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE countersign_owner IN SCHEMA %I
                    GRANT USAGE ON SEQUENCES TO countersign_daemon', current_schema());
END
$$;

-- The record: added to, read, and nothing else.
REVOKE UPDATE, DELETE ON audit_event, seal, seal_leaf, seal_key FROM countersign_daemon;
-- Policies in force and alarms: added, never changed.
REVOKE UPDATE, DELETE ON policy_book, alarm FROM countersign_daemon;
-- What the record is about: changed by every decision, never removed.
REVOKE DELETE ON request, audit_chain FROM countersign_daemon;
-- Which migrations have run.
REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM countersign_daemon;

COMMIT;
