//! One integration binary: the repository checks itself (`tidy`), and people use the daemon on real
//! Postgres, Postfix and Dovecot (`scenarios`). Run it with `make test`; by hand:
//! `cargo run -p countersign-sandbox -- with -- cargo nextest run --test it`.

mod documents;
mod install;
mod office;
mod own_mails;
mod scenarios;
mod tidy;
