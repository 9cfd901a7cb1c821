//! Ports that are free now.

use std::net::{Ipv4Addr, TcpListener};

/// Below the range that the kernel takes for outgoing connections, so that none of those gets in
/// between our look and the server's start.
const FIRST: u32 = 20_000;
/// How many are looked at.
const COUNT: u32 = 12_000;

/// So many free ports on 127.0.0.1. Two stacks that look at the same time begin at different
/// places.
pub fn free<const N: usize>() -> anyhow::Result<[u16; N]> {
    let start = std::process::id().wrapping_mul(97) % COUNT;
    let mut held = Vec::new();
    let mut found = Vec::new();
    for step in 0..COUNT {
        let port = u16::try_from(FIRST + (start + step) % COUNT)?;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push(listener);
            found.push(port);
        }
        if found.len() == N {
            break;
        }
    }
    found
        .try_into()
        .map_err(|_| anyhow::anyhow!("there are no {N} free ports above {FIRST}"))
}
