//! DNS, for the keys of signatures: asks the configured servers, or the system's, and says apart what does
//! not exist from what could not be learnt.
//!
//! What always holds: an answer is kept for as long as its owner allows, and no longer than the operator
//! does; every wait has a limit; a failure of any kind is [`Answer::Failed`] and never [`Answer::Nothing`],
//! so that a server which is away decides nothing. Not promised: DNSSEC is not validated here; let the
//! server that is asked do it, and be on this machine or in this network.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use mail_auth::hickory_resolver::TokioResolver;
use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
};
use mail_auth::hickory_resolver::net::runtime::TokioRuntimeProvider;
use mail_auth::hickory_resolver::net::{DnsError, NetError};
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::hickory_resolver::proto::rr::{Name, RData};
use mail_auth::hickory_resolver::system_conf::read_system_conf;

use super::dkim::{self, Answer, Answers, Case, Report};
use super::head::Head;
use crate::config::proof::{Dkim, Dns};

/// Answers kept at once.
const MAX_KEPT: u64 = 4_096;
/// A mail is asked about in so many rounds: one for its keys and the policies that go with them.
const ROUNDS: usize = 1;
/// Names asked for at once.
const AT_ONCE: usize = 16;
/// Tries after the first that got no answer.
const AGAIN: usize = 1;
/// The most records of one name that are read.
const MAX_RECORDS: usize = 16;
/// The longest text that is read, in bytes.
const MAX_TEXT_BYTES: usize = 8_192;
/// That a name does not exist is not believed for longer: a key may just be being published.
const NOTHING_KEPT: Duration = Duration::from_mins(5);

/// Why DNS cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The system names no server.
    #[error(
        "[dns] servers: /etc/resolv.conf names no server that can be asked ({0}); mend: write servers = \
         [\"127.0.0.1\"] in [dns], or take \"dkim\" out of [mail] proof"
    )]
    System(NetError),
    /// The servers that the file names.
    #[error("[dns] servers: cannot be asked: {0}; mend: write other addresses")]
    Servers(NetError),
}

/// Asks name servers. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    /// The most that one name may take, all tries counted.
    patience: Duration,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl Resolver {
    /// Asks the servers that `[dns]` means.
    pub fn new(dns: &Dns) -> Result<Self, ResolveError> {
        let (config, mut options) = if dns.servers.is_empty() {
            read_system_conf().map_err(ResolveError::System)?
        } else {
            let servers = dns.servers.iter().map(|server| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                NameServerConfig::new(server.ip(), true, connections.to_vec())
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            (config, ResolverOpts::default())
        };
        let servers = u32::try_from(config.name_servers().len().max(1)).unwrap_or(1);
        options.timeout = dns.timeout;
        options.attempts = AGAIN;
        options.edns0 = true;
        options.cache_size = MAX_KEPT;
        options.positive_max_ttl = Some(dns.keep_at_most);
        options.negative_max_ttl = Some(dns.keep_at_most.min(NOTHING_KEPT));
        let inner = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(ResolveError::Servers)?;
        let tries = u32::try_from(AGAIN + 1).unwrap_or(1);
        Ok(Self {
            inner,
            patience: dns.timeout.saturating_mul(tries * servers),
        })
    }

    /// Checks a mail's signatures, DNS asked where it has to be; `from` is the domain of its one From
    /// address. `None`: the check cannot be made, because it failed on these bytes.
    pub async fn examine(
        &self,
        raw: Arc<[u8]>,
        from: Arc<str>,
        rules: &Dkim,
        now: Timestamp,
    ) -> Option<Report> {
        let mut answers = Answers::new();
        for _ in 0..=ROUNDS {
            let (raw, from, rules, known) =
                (raw.clone(), from.clone(), rules.clone(), answers.clone());
            let checked = tokio::task::spawn_blocking(move || {
                dkim::check(&Case {
                    raw: &raw,
                    head: &Head::split(&raw),
                    from: &from,
                    rules: &rules,
                    answers: &known,
                    now,
                })
            });
            let report = checked.await.ok()?;
            if report.asks.is_empty() {
                return Some(report);
            }
            answers.extend(self.answers(report.asks).await);
        }
        None
    }

    /// What DNS says of the TXT records of these names.
    pub async fn answers(&self, names: Vec<String>) -> Answers {
        futures::stream::iter(names)
            .map(|name| self.named(name))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    async fn named(&self, name: String) -> (String, Answer) {
        let answer = self.texts(&name).await;
        (name, answer)
    }

    /// What DNS says of the TXT records of one name.
    pub async fn texts(&self, name: &str) -> Answer {
        // With its dot at the end: no search list is tried.
        let Ok(full) = Name::from_ascii(format!("{name}.")) else {
            return Answer::Nothing;
        };
        let asked = tokio::time::timeout(self.patience, self.inner.txt_lookup(full)).await;
        let found = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return missing(&error),
            Err(_) => return Answer::Failed("no server answered in time".to_owned()),
        };
        let mut texts = Vec::new();
        for record in found.answers() {
            let RData::TXT(text) = &record.data else {
                continue;
            };
            let text = text.txt_data.concat();
            if texts.len() == MAX_RECORDS || text.len() > MAX_TEXT_BYTES {
                // Nobody publishes a key like that.
                return Answer::Nothing;
            }
            texts.push(text);
        }
        if texts.is_empty() {
            return Answer::Nothing;
        }
        Answer::Texts(texts)
    }
}

/// Nothing only where a server said that there is nothing.
fn missing(error: &NetError) -> Answer {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none))
            if matches!(
                none.response_code,
                ResponseCode::NXDomain | ResponseCode::NoError
            ) =>
        {
            Answer::Nothing
        }
        NetError::Dns(DnsError::ResponseCode(code)) => {
            Answer::Failed(format!("the server says {code}"))
        }
        NetError::Timeout => Answer::Failed("no server answered in time".to_owned()),
        _ => Answer::Failed("no server could be asked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_sandbox as sandbox;

    fn resolver(dns: &sandbox::Dns) -> Resolver {
        Resolver::new(&Dns {
            servers: vec![dns.address()],
            timeout: Duration::from_millis(250),
            ..Dns::default()
        })
        .expect("a resolver")
    }

    /// Goal: what does not exist is told apart from what could not be learnt.
    /// Method: a name server that answers in every way there is.
    #[tokio::test]
    async fn nothing_is_no_failure() {
        let dns = sandbox::Dns::start().await.expect("a name server");
        let text = || vec!["v=DKIM1; p=".to_owned()];
        for (name, said) in [
            ("text.test", sandbox::Answer::Texts(text())),
            ("tcp.test", sandbox::Answer::OnlyByTcp(text())),
            ("none.test", sandbox::Answer::NoText),
            ("fails.test", sandbox::Answer::ServFail),
            ("refuses.test", sandbox::Answer::Refused),
            ("silent.test", sandbox::Answer::Silence),
            ("garbage.test", sandbox::Answer::Garbage),
            (
                "many.test",
                sandbox::Answer::Texts(vec!["x".to_owned(); 20]),
            ),
            ("long.test", sandbox::Answer::Texts(vec!["x".repeat(9_000)])),
        ] {
            dns.says(name, said);
        }
        let resolver = resolver(&dns);
        let text = Answer::Texts(vec![b"v=DKIM1; p=".to_vec()]);
        assert_eq!(resolver.texts("text.test").await, text);
        assert_eq!(resolver.texts("tcp.test").await, text);
        for name in [
            "none.test",
            "unknown.test",
            "many.test",
            "long.test",
            "bad..name",
        ] {
            assert_eq!(resolver.texts(name).await, Answer::Nothing, "{name}");
        }
        for name in ["fails.test", "refuses.test", "silent.test", "garbage.test"] {
            let said = resolver.texts(name).await;
            assert!(matches!(said, Answer::Failed(_)), "{name}: {said:?}");
        }
    }

    /// Goal: an answer is kept, a failure is not. Method: the same name twice, the questions counted.
    #[tokio::test]
    async fn answers_are_kept() {
        let dns = sandbox::Dns::start().await.expect("a name server");
        let resolver = resolver(&dns);
        dns.says("a.test", sandbox::Answer::ServFail);
        assert!(matches!(resolver.texts("a.test").await, Answer::Failed(_)));
        dns.text("a.test", "now");
        let both = resolver
            .answers(vec!["a.test".to_owned(), "b.test".to_owned()])
            .await;
        assert_eq!(
            both.get("a.test"),
            Some(&Answer::Texts(vec![b"now".to_vec()]))
        );
        let asked = dns.asked("a.test");
        dns.text("a.test", "another");
        assert_eq!(
            resolver.texts("a.test").await,
            Answer::Texts(vec![b"now".to_vec()])
        );
        assert_eq!(dns.asked("a.test"), asked);
    }

    /// Goal: no server at all is a failure, soon. Method: a port where nobody listens.
    #[tokio::test]
    async fn nobody_there() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let resolver = Resolver::new(&Dns {
            servers: vec![free.local_addr().expect("an address")],
            timeout: Duration::from_millis(100),
            ..Dns::default()
        })
        .expect("a resolver");
        assert!(matches!(resolver.texts("a.test").await, Answer::Failed(_)));
    }
}
