-- Which definition of commands a chat service was told last, by its hash: it is told again only where the
-- definition has changed. `place` is where it was told, in the service's own words (Discord: application
-- and guild).

CREATE TABLE chat_commands (
    service text NOT NULL,
    place text NOT NULL,
    hash bytea NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (service, place),
    CONSTRAINT chat_commands_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT chat_commands_named CHECK (service <> '' AND place <> '')
);
