//! A name server of the sandbox's own, on loopback, UDP and TCP at one port: keys, policies, and every
//! way in which a name server disappoints.
//!
//! It knows TXT records only, and what it was told of a name ([`Dns::says`]); of any other name it says
//! that it does not exist. What always holds: it answers each question from what it was told last, and
//! counts the questions, so that a test can say that nothing was asked. Not promised: recursion, caching,
//! DNSSEC, any other kind of record.

mod signer;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use mail_auth::hickory_resolver::proto::op::{Message, ResponseCode};
use mail_auth::hickory_resolver::proto::rr::rdata::TXT;
use mail_auth::hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

pub use signer::{FIELDS, Signer, Signing, rsa_key};

/// How long an answer may be kept, in seconds: tests change their mind.
const TTL: u32 = 1;
/// Largest question that is read, in bytes.
const MAX_QUESTION: usize = 1_500;
/// Longest string of a TXT record, in bytes; a longer text stands in several.
const MAX_STRING: usize = 255;
/// How often a port is looked for that is free for both protocols.
const PORT_TRIES: usize = 20;

/// What is said of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These TXT records, each in as many strings as it needs.
    Texts(Vec<String>),
    /// There is no such name.
    NoName,
    /// There is such a name, and no TXT record of it.
    NoText,
    /// The server has failed.
    ServFail,
    /// The server does not want to say.
    Refused,
    /// No answer ever comes.
    Silence,
    /// By UDP only that it does not fit; by TCP these.
    OnlyByTcp(Vec<String>),
    /// Bytes that are no answer.
    Garbage,
}

/// What it was told, and what it was asked.
#[derive(Debug, Default)]
struct Told {
    answers: BTreeMap<String, Answer>,
    /// For every name that nothing was said of.
    otherwise: Option<Answer>,
    asked: BTreeMap<String, usize>,
}

/// A running name server; it ends when it is dropped.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    told: Arc<Mutex<Told>>,
    _tasks: JoinSet<()>,
}

impl Dns {
    /// Starts one at a free port of 127.0.0.1.
    pub async fn start() -> anyhow::Result<Self> {
        let (udp, tcp) = sockets().await?;
        let address = tcp.local_addr()?;
        let told: Arc<Mutex<Told>> = Arc::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(by_udp(udp, told.clone()));
        tasks.spawn(by_tcp(tcp, told.clone()));
        Ok(Self {
            address,
            told,
            _tasks: tasks,
        })
    }

    /// Where it listens, as `[dns] servers` takes it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this is said of a name.
    pub fn says(&self, name: &str, answer: Answer) {
        self.told().answers.insert(plain(name), answer);
    }

    /// From now on the TXT record of a name is this one.
    pub fn text(&self, name: &str, text: &str) {
        self.says(name, Answer::Texts(vec![text.to_owned()]));
    }

    /// From now on this is said of every name that nothing else was said of, as a wildcard would.
    pub fn says_otherwise(&self, answer: Answer) {
        self.told().otherwise = Some(answer);
    }

    /// Publishes the key of a signer.
    pub fn publishes(&self, signer: &Signer) {
        self.text(&signer.key_name(), &signer.record());
    }

    /// How often a name was asked for.
    pub fn asked(&self, name: &str) -> usize {
        self.told().asked.get(&plain(name)).copied().unwrap_or(0)
    }

    /// How many questions were asked at all.
    pub fn asked_at_all(&self) -> usize {
        self.told().asked.values().sum()
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lower case, without the dot at the end.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}

/// One port for both protocols.
async fn sockets() -> anyhow::Result<(UdpSocket, TcpListener)> {
    for _ in 0..PORT_TRIES {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?).await {
            return Ok((udp, tcp));
        }
    }
    anyhow::bail!("there is no port that is free for UDP and TCP")
}

async fn by_udp(socket: UdpSocket, told: Arc<Mutex<Told>>) {
    let mut question = vec![0; MAX_QUESTION];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut question).await else {
            continue;
        };
        let asked = question.get(..length).unwrap_or_default();
        if let Some(answer) = answer(asked, &told, false) {
            // Who does not wait for the answer is not told it.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn by_tcp(listener: TcpListener, told: Arc<Mutex<Told>>) {
    let mut talks = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            talks.spawn(async move {
                // It ends when the other side does.
                let _ = talk(stream, &told).await;
            });
        }
    }
}

async fn talk(mut stream: TcpStream, told: &Mutex<Told>) -> anyhow::Result<()> {
    loop {
        let length = usize::from(stream.read_u16().await?);
        let mut question = vec![0; length];
        stream.read_exact(&mut question).await?;
        if let Some(answer) = answer(&question, told, true) {
            stream.write_u16(u16::try_from(answer.len())?).await?;
            stream.write_all(&answer).await?;
        }
    }
}

/// The bytes of an answer; `None`: none comes.
fn answer(question: &[u8], told: &Mutex<Told>, tcp: bool) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let name = plain(&query.name().to_utf8());
    let said = {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        *told.asked.entry(name.clone()).or_default() += 1;
        let said = told.answers.get(&name).or(told.otherwise.as_ref());
        said.cloned().unwrap_or(Answer::NoName)
    };
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let code = match said {
        Answer::Silence => return None,
        Answer::Garbage => return Some(b"no answer at all".to_vec()),
        Answer::Texts(texts) if query.query_type() == RecordType::TXT => {
            answer.add_answers(records(query.name(), &texts));
            ResponseCode::NoError
        }
        Answer::OnlyByTcp(texts) if tcp => {
            answer.add_answers(records(query.name(), &texts));
            ResponseCode::NoError
        }
        Answer::OnlyByTcp(_) => {
            answer.metadata.truncation = true;
            ResponseCode::NoError
        }
        Answer::Texts(_) | Answer::NoText => ResponseCode::NoError,
        Answer::NoName => ResponseCode::NXDomain,
        Answer::ServFail => ResponseCode::ServFail,
        Answer::Refused => ResponseCode::Refused,
    };
    answer.metadata.response_code = code;
    let bytes = answer.to_vec().context("an answer in bytes").ok()?;
    if tcp || bytes.len() <= usize::from(question.max_payload()) {
        return Some(bytes);
    }
    answer.truncate().to_vec().ok()
}

fn records(name: &Name, texts: &[String]) -> Vec<Record> {
    let record = |text: &String| {
        let strings: Vec<&[u8]> = text.as_bytes().chunks(MAX_STRING).collect();
        Record::from_rdata(name.clone(), TTL, RData::TXT(TXT::from_bytes(strings)))
    };
    texts.iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_auth::hickory_resolver::TokioResolver;
    use mail_auth::hickory_resolver::config::{
        ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
    };
    use mail_auth::hickory_resolver::net::runtime::TokioRuntimeProvider;
    use std::time::Duration;

    fn resolver(dns: &Dns) -> TokioResolver {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut how| {
            how.port = dns.address().port();
            how
        });
        let server = NameServerConfig::new(dns.address().ip(), true, connections.to_vec());
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut options = ResolverOpts::default();
        options.timeout = Duration::from_millis(300);
        options.attempts = 0;
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .expect("a resolver")
    }

    async fn asks(resolver: &TokioResolver, name: &str) -> Result<Vec<String>, String> {
        let found = resolver.txt_lookup(name).await;
        let found = found.map_err(|error| error.to_string())?;
        let text = |record: &Record| match &record.data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(found.answers().iter().filter_map(text).collect())
    }

    /// Goal: a resolver that knows nothing of us hears what was told, long texts and truncated ones too,
    /// and each disappointment is one.
    /// Method: the resolver of the product, one name for each answer.
    #[tokio::test]
    async fn says_what_it_was_told() {
        let dns = Dns::start().await.expect("a name server");
        let (long, longer) = ("x".repeat(600), "y".repeat(3_000));
        dns.text("a.test", "v=1");
        dns.text("long.test", &long);
        dns.text("longer.test", &longer);
        dns.says("tcp.test", Answer::OnlyByTcp(vec!["by tcp".to_owned()]));
        let none = [
            ("nothing.test", Answer::NoText),
            ("failed.test", Answer::ServFail),
            ("refused.test", Answer::Refused),
            ("silent.test", Answer::Silence),
            ("garbage.test", Answer::Garbage),
        ];
        for (name, answer) in &none {
            dns.says(name, answer.clone());
        }
        let resolver = resolver(&dns);
        assert_eq!(asks(&resolver, "A.test.").await, Ok(vec!["v=1".to_owned()]));
        assert_eq!(asks(&resolver, "long.test.").await, Ok(vec![long]));
        assert_eq!(asks(&resolver, "longer.test.").await, Ok(vec![longer]));
        let by_tcp = asks(&resolver, "tcp.test.").await;
        assert_eq!(by_tcp, Ok(vec!["by tcp".to_owned()]));
        for (name, _) in none {
            let said = asks(&resolver, &format!("{name}.")).await;
            assert!(said.is_err(), "{name}: {said:?}");
        }
        let said = asks(&resolver, "unknown.test.").await;
        assert!(said.is_err(), "{said:?}");
        assert_eq!(dns.asked("a.test"), 1);
        dns.says_otherwise(Answer::Texts(vec!["any".to_owned()]));
        assert_eq!(
            asks(&resolver, "new.test.").await,
            Ok(vec!["any".to_owned()])
        );
    }
}
