//! How often somebody may ask: a bucket per client address and a bucket per link, each refilled evenly.
//!
//! Outsiders choose addresses and tokens, so the number of buckets is limited: who comes when the table is
//! full shares one bucket with all others who do. A bucket that is full again is forgotten.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// The most buckets of one kind.
const BUCKETS_MAX: usize = 10_000;
/// Requests with one link within a minute; a person needs a handful, a nervous scanner a few more.
pub const PER_LINK: u32 = 60;
/// What the limits are for.
const MINUTE: Duration = Duration::from_mins(1);

/// All buckets.
#[derive(Debug)]
pub struct Limits {
    clients: Buckets<IpAddr>,
    links: Buckets<[u8; 32]>,
}

impl Limits {
    /// With so many requests of one client in a minute.
    pub fn new(per_client: u32) -> Self {
        Self {
            clients: Buckets::new(per_client),
            links: Buckets::new(PER_LINK),
        }
    }

    /// Whether this client may ask once more.
    pub fn client(&mut self, address: IpAddr, now: Instant) -> bool {
        self.clients.take(network(address), now)
    }

    /// Whether this link may be used once more.
    pub fn link(&mut self, hash: [u8; 32], now: Instant) -> bool {
        self.links.take(hash, now)
    }
}

/// Who has one IPv6 address has a whole /64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[derive(Debug)]
struct Buckets<K> {
    per_minute: u32,
    each: BTreeMap<K, Bucket>,
    rest: Option<Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Ord> Buckets<K> {
    fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            each: BTreeMap::new(),
            rest: None,
        }
    }

    fn take(&mut self, key: K, now: Instant) -> bool {
        let most = f64::from(self.per_minute);
        let full = Bucket {
            left: most,
            at: now,
        };
        if self.each.len() >= BUCKETS_MAX && !self.each.contains_key(&key) {
            self.each
                .retain(|_, bucket| bucket.filled(most, now).left < most);
        }
        if self.each.len() >= BUCKETS_MAX && !self.each.contains_key(&key) {
            return self.rest.get_or_insert(full).take(most, now);
        }
        self.each.entry(key).or_insert(full).take(most, now)
    }
}

impl Bucket {
    fn filled(self, most: f64, now: Instant) -> Self {
        let since = now.saturating_duration_since(self.at);
        let more = since.as_secs_f64() / MINUTE.as_secs_f64() * most;
        Self {
            left: (self.left + more).min(most),
            at: now,
        }
    }

    fn take(&mut self, most: f64, now: Instant) -> bool {
        *self = self.filled(most, now);
        let may = self.left >= 1.0;
        if may {
            self.left -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a bucket gives what it holds and is refilled evenly. Method: empty it, wait, ask again.
    #[test]
    fn a_bucket_is_refilled() {
        let now = Instant::now();
        let mut limits = Limits::new(2);
        let client = "192.0.2.1".parse().expect("an address");
        let asked = |limits: &mut Limits, seconds| {
            limits.client(client, now + Duration::from_secs(seconds))
        };
        assert!(asked(&mut limits, 0) && asked(&mut limits, 0));
        assert!(!asked(&mut limits, 0) && !asked(&mut limits, 29));
        assert!(asked(&mut limits, 31) && !asked(&mut limits, 32));
    }

    /// Goal: nobody has more than one bucket by changing the last half of an IPv6 address, and another
    /// network has one of its own. Method: two addresses of one /64, one of another, one IPv4 in disguise.
    #[test]
    fn a_network_is_one_client() {
        let now = Instant::now();
        let mut limits = Limits::new(1);
        let mut ask = |address: &str| limits.client(address.parse().expect("an address"), now);
        assert!(ask("2001:db8::1") && !ask("2001:db8::ffff:2"));
        assert!(ask("2001:db8:0:1::1"));
        assert!(ask("192.0.2.1") && !ask("::ffff:192.0.2.1"));
    }

    /// Goal: the table does not grow without end, and a flood of new keys cannot make room for itself.
    /// Method: more keys than it holds, at once; then after they are full again.
    #[test]
    fn the_table_is_limited() {
        let now = Instant::now();
        let mut buckets = Buckets::new(3);
        let given = (0..BUCKETS_MAX + 50).filter(|key| buckets.take(*key, now));
        assert_eq!(given.count(), BUCKETS_MAX + 3);
        assert_eq!(buckets.each.len(), BUCKETS_MAX);
        assert!(buckets.take(BUCKETS_MAX + 99, now + MINUTE));
        assert_eq!(buckets.each.len(), 1);
    }
}
