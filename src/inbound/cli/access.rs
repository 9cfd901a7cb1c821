//! `revoke`, `review`, `request emergency|extend|return`: what becomes of access, the same road as a mail.

use super::args::{Emergency, Extend, Return, Review, Revoke};
use super::print::put;
use super::request::act;
use super::{Failure, when};
use crate::command::Command;
use crate::config::Config;

/// Does what `revoke` says (W22).
pub(super) async fn revoke(typed: Revoke, config: &Config) -> Result<(), Failure> {
    let Revoke {
        request,
        reason,
        acting,
        output,
    } = typed;
    let said = Command::Revoke { request, reason };
    act(&acting, output.json, config, |_| Ok(said)).await
}

/// Does what `review` says (W26).
pub(super) async fn review(typed: Review, config: &Config) -> Result<(), Failure> {
    let Review {
        request,
        finding,
        acting,
        output,
    } = typed;
    let said = Command::Review { request, finding };
    act(&acting, output.json, config, |_| Ok(said)).await
}

/// Does what `request emergency` says (W24).
pub(super) async fn emergency(typed: Emergency, config: &Config) -> Result<(), Failure> {
    let Emergency {
        request,
        reason,
        acting,
        output,
    } = typed;
    let said = Command::Emergency { request, reason };
    act(&acting, output.json, config, |_| Ok(said)).await
}

/// Does what `request extend` says; the length is said back as understood (W23).
pub(super) async fn extend(typed: Extend, config: &Config) -> Result<(), Failure> {
    let Extend {
        request,
        length,
        reason,
        key,
        acting,
        output,
    } = typed;
    act(&acting, output.json, config, |_| {
        let length = when::lasting(&length).map_err(Failure::Usage)?;
        if !output.json {
            put!("Understood: {} more.", length.said);
        }
        Ok(Command::Extend {
            request,
            length: length.value,
            justification: reason,
            key,
        })
    })
    .await
}

/// Does what `request return` says (W22).
pub(super) async fn give_back(typed: Return, config: &Config) -> Result<(), Failure> {
    let Return {
        request,
        reason,
        acting,
        output,
    } = typed;
    let said = Command::Return { request, reason };
    act(&acting, output.json, config, |_| Ok(said)).await
}
