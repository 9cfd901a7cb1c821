-- The book: people, groups, modules and policies as `policy apply` stored them, one row a version.
-- Persons are named by their short id everywhere else; who they are is read from the newest book.

CREATE TABLE policy_book (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    applied_at timestamptz NOT NULL,
    applied_by text NOT NULL,
    source     text NOT NULL,          -- policies.toml as it was written
    book       jsonb NOT NULL          -- workflow::book::Book as it was understood
);
