//! `doctor` behind a pooler: a small one of our own, which deals out connections to the server as `PgBouncer`
//! does, for the length of a transaction or of a session.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use sqlx::PgPool;

use super::Desk;

/// How long a connection to the server belongs to who got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Transaction,
    Session,
}

/// What all clients share.
struct Pooler {
    socket: PathBuf,
    mode: Mode,
    /// What the server says to whoever connects, once somebody has; and connections that are nobody's.
    greeting: Vec<u8>,
    idle: Vec<UnixStream>,
}

/// Requests to encrypt, which come before anything else and are declined.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// What follows a length that counts itself, with the length.
fn body(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    from.read_exact(&mut bytes)?;
    let length: [u8; 4] = bytes.as_slice().try_into().expect("four");
    bytes.resize(
        usize::try_from(u32::from_be_bytes(length)).expect("fits"),
        0,
    );
    from.read_exact(&mut bytes[4..])?;
    Ok(bytes)
}

/// One message: its kind and all its bytes.
fn message(from: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut kind = [0];
    from.read_exact(&mut kind)?;
    Ok((kind[0], [kind.to_vec(), body(from)?].concat()))
}

/// All that a server says until it is ready again, and whether it is then in no transaction.
fn answer(server: &mut UnixStream) -> io::Result<(Vec<u8>, bool)> {
    let mut said = Vec::new();
    loop {
        let (kind, bytes) = message(server)?;
        said.extend(&bytes);
        if kind == b'Z' {
            return Ok((said, bytes.last() == Some(&b'I')));
        }
    }
}

impl Pooler {
    /// Listens; the port.
    fn open(socket: &Path, mode: Mode) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let pooler = Arc::new(Mutex::new(Self {
            socket: socket.to_owned(),
            mode,
            greeting: Vec::new(),
            idle: Vec::new(),
        }));
        thread::spawn(move || {
            for client in listener.incoming() {
                let pooler = pooler.clone();
                // Whoever hangs up ends it.
                thread::spawn(move || client.and_then(|client| Self::serve(&pooler, client)));
            }
        });
        port
    }

    /// A connection that is nobody's, a new one where there is none.
    fn any(&mut self, startup: &[u8]) -> io::Result<UnixStream> {
        if let Some(server) = self.idle.pop() {
            return Ok(server);
        }
        let mut server = UnixStream::connect(&self.socket)?;
        server.write_all(startup)?;
        self.greeting = answer(&mut server)?.0;
        Ok(server)
    }

    fn serve(pooler: &Mutex<Self>, mut client: TcpStream) -> io::Result<()> {
        let startup = loop {
            let startup = body(&mut client)?;
            let code: Option<[u8; 4]> = startup.get(4..8).and_then(|code| code.try_into().ok());
            if !code.is_some_and(|code| ENCRYPTION.contains(&u32::from_be_bytes(code))) {
                break startup;
            }
            client.write_all(b"N")?;
        };
        let mut own = {
            let mut pooler = pooler.lock().expect("whole");
            let server = pooler.any(&startup)?;
            client.write_all(&pooler.greeting)?;
            let keeps = pooler.mode == Mode::Session;
            if !keeps {
                pooler.idle.push(server.try_clone()?);
            }
            keeps.then_some(server)
        };
        let mut said = Vec::new();
        loop {
            let (kind, bytes) = message(&mut client)?;
            if kind == b'X' {
                return Ok(());
            }
            said.extend(bytes);
            // A question is complete with a statement or with what asks for an answer to all before.
            if !b"QS".contains(&kind) {
                continue;
            }
            let mut server = if let Some(server) = own.take() {
                server
            } else {
                pooler.lock().expect("whole").any(&startup)?
            };
            server.write_all(&said)?;
            said.clear();
            let (answer, is_over) = answer(&mut server)?;
            let mut pooler = pooler.lock().expect("whole");
            if is_over && pooler.mode == Mode::Transaction {
                pooler.idle.push(server);
            } else {
                own = Some(server);
            }
            drop(pooler);
            client.write_all(&answer)?;
        }
    }
}

/// Goal: `doctor` names a pooler that deals out the server's connections by transaction, behind which
/// statements and migrations break, and says what to set; by session it is as good as none.
/// Method: both between the program and the test's database.
#[sqlx::test(migrations = "./migrations")]
async fn a_pooler_in_transaction_mode_is_named(pool: PgPool) {
    const NAMED: &str = "a pooler in transaction mode stands before the server";
    let options = pool.connect_options();
    let socket = options.get_socket().expect("the socket of this run");
    let socket = socket.join(format!(".s.PGSQL.{}", options.get_port()));
    let database = options.get_database().expect("a database");
    let user = options.get_username();
    let desk = |mode| {
        let port = Pooler::open(&socket, mode);
        Desk::at(&format!("postgres://{user}@127.0.0.1:{port}/{database}"))
    };
    desk(Mode::Transaction).types("doctor").ended(2).says(&[
        "wrong  database",
        NAMED,
        "pool_mode = session",
    ]);
    let said = desk(Mode::Session).types("doctor");
    assert!(!said.out.contains(NAMED), "{said:#?}");
    said.says(&[
        "ok     database   PostgreSQL ",
        "ok     schema     is this version's",
    ]);
}
