//! What we remember: all SQL, one file per noun. The caller owns the transaction.

pub mod alarms;
pub mod answers;
pub mod audit;
pub mod bell;
pub mod books;
pub mod chat;
pub mod chat_codes;
pub mod chat_commands;
pub mod counts;
pub mod delegations;
pub mod inbound;
pub mod inbox;
pub mod leases;
pub mod outbox;
pub mod requests;
pub mod roles;
pub mod seals;
pub mod tokens;
pub mod troubles;
pub mod unreachable;
pub mod versions;
pub mod web;

#[cfg(test)]
mod tests;
