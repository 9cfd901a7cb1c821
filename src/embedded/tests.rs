use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection};

use super::binaries::{self, Where};
use super::directory::Place;
use super::{EmbeddedError, Postgres};

/// A directory that the server's user may reach; `fsync` off, because nothing here survives the
/// test.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("cs")
        .tempdir()
        .expect("a folder");
    let mode = Permissions::from_mode(0o711);
    std::fs::set_permissions(folder.path(), mode).expect("its mode");
    folder
}

const FAST: &[(&str, &str)] = &[("fsync", "off"), ("shared_buffers", "16MB")];

async fn number(server: &Postgres, sql: &'static str) -> i64 {
    let mut connection = server.options().connect().await.expect("a connection");
    let found = sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .expect("a number");
    connection.close().await.expect("closed");
    found
}

async fn run(server: &Postgres, sql: &'static str) {
    let mut connection = server.options().connect().await.expect("a connection");
    sqlx::query(sql).execute(&mut connection).await.expect(sql);
    connection.close().await.expect("closed");
}

/// Goal: the first starts, the second joins, what is written stays, and only who started it ends
/// it.
/// Method: two handles on one directory; stop the joined one, then the other; start again.
#[tokio::test]
async fn starts_is_joined_and_keeps_its_data() {
    let folder = folder();
    let first = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts");
    run(&first, "CREATE TABLE kept AS SELECT 7::bigint AS number").await;
    let second = Postgres::start_or_join(folder.path())
        .await
        .expect("it is joined");
    assert!(first.is_ours() && !second.is_ours());
    assert_eq!(number(&second, "SELECT number FROM kept").await, 7);
    second.stop().await;
    assert_eq!(number(&first, "SELECT number FROM kept").await, 7);
    first.stop().await;
    assert!(
        Place::at(folder.path())
            .expect("a place")
            .answers()
            .await
            .is_err()
    );
    let again = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts again");
    assert_eq!(number(&again, "SELECT number FROM kept").await, 7);
    again.stop().await;
}

/// Goal: who has joined has a server, also when its starter ends or the server itself is killed.
/// Method: the starter stops; then the postmaster gets SIGKILL; each time the joined handle answers
/// again.
#[tokio::test]
async fn is_started_again_for_those_who_joined() {
    let folder = folder();
    let first = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts");
    let second = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it is joined");
    first.stop().await;
    wait("the joined handle has started it", async || {
        second.is_ours()
    })
    .await;
    assert!(second.options().connect().await.is_ok());
    let place = Place::at(folder.path()).expect("a place");
    let pid = i32::try_from(place.occupant().expect("a server")).expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL)
        .expect("sent");
    wait("another serves", async || {
        let other = place
            .occupant()
            .is_some_and(|found| i64::from(found) != i64::from(pid));
        other && second.options().connect().await.is_ok()
    })
    .await;
    second.stop().await;
    assert!(place.occupant().is_none());
}

/// Goal: two that come at the same instant get one server.
/// Method: both calls run together on an empty directory.
#[tokio::test]
async fn two_at_once_share_one() {
    let folder = folder();
    let (one, other) = tokio::join!(
        Postgres::start_with(folder.path(), FAST),
        Postgres::start_with(folder.path(), FAST),
    );
    let (one, other) = (one.expect("one"), other.expect("other"));
    assert!(one.is_ours() != other.is_ours());
    assert_eq!(
        number(&one, "SELECT 1::bigint").await,
        number(&other, "SELECT 1::bigint").await
    );
    one.stop().await;
    other.stop().await;
}

/// Goal: nothing listens on a TCP port, the data is closed to others, and the role is no superuser.
/// Method: ask the server, and look at the directory.
#[tokio::test]
async fn is_closed_to_everybody_else() {
    let folder = folder();
    let server = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts");
    let listens =
        "SELECT count(*) FROM pg_settings WHERE name = 'listen_addresses' AND setting <> ''";
    assert_eq!(number(&server, listens).await, 0);
    let supers = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper";
    assert_eq!(number(&server, supers).await, 0);
    let mode = std::fs::metadata(server.socket_directory())
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    server.stop().await;
}

/// Goal: a server that was killed, and whose number belongs to something else by now, is started
/// again.
/// Method: a `postmaster.pid` with the number of this test.
#[tokio::test]
async fn a_stale_pid_file_is_no_obstacle() {
    let folder = folder();
    let server = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts");
    let file = server.socket_directory().join("postmaster.pid");
    let text = std::fs::read_to_string(&file).expect("a pid file");
    server.stop().await;
    let rest = text.split_once('\n').expect("lines").1;
    std::fs::write(&file, format!("{}\n{rest}", std::process::id())).expect("stale");
    let again = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts again");
    again.stop().await;
}

/// Goal: data of a version that is not installed, no binaries, a setting that the server refuses, a
/// path that is too long: each error says the mend.
/// Method: one directory for each.
#[tokio::test]
async fn errors_say_the_mend() {
    let folder = folder();
    let place = Place::at(folder.path()).expect("a place");
    std::fs::create_dir(&place.data).expect("data");
    std::fs::write(place.data.join("PG_VERSION"), "9\n").expect("its version");
    let error = Postgres::start_or_join(folder.path())
        .await
        .expect_err("another version");
    assert!(
        error
            .to_string()
            .contains("sudo apt-get install postgresql-9"),
        "{error}"
    );

    let nowhere = Where {
        named: None,
        versions: PathBuf::from("/nonexistent"),
        path: Some("/nonexistent".into()),
    };
    let error = binaries::find(&nowhere, None, &place).expect_err("nothing there");
    assert!(
        error
            .to_string()
            .contains("`sudo apt-get install postgresql`"),
        "{error}"
    );

    let long = folder.path().join("d".repeat(90));
    let error = Postgres::start_or_join(&long).await.expect_err("too long");
    assert!(
        matches!(error, EmbeddedError::SocketPath { most: 107, .. }),
        "{error}"
    );

    let other = folder.path().join("other");
    let refused = Postgres::start_with(&other, &[("max_connections", "many")]).await;
    let error = refused.expect_err("a bad setting");
    assert!(error.to_string().contains("max_connections"), "{error}");
}

/// Goal: where we are root, a directory that the server's user cannot reach is named.
/// Method: a parent of mode 0700; skipped in an ordinary user's run, whose server runs as itself.
#[tokio::test]
async fn a_closed_parent_is_named() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let folder = folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).expect("a parent");
    std::fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("its mode");
    let error = Postgres::start_or_join(&closed.join("in"))
        .await
        .expect_err("closed");
    let mend = format!("chmod o+x {}", closed.display());
    assert!(error.to_string().contains(&mend), "{error}");
}

/// Where the other half of the next test finds its directory.
const ORPHAN: &str = "COUNTERSIGN_TEST_ORPHAN";

/// The parent that the next test kills: starts a server and waits to be killed.
#[tokio::test]
async fn parent_that_is_killed() {
    let Some(directory) = std::env::var_os(ORPHAN) else {
        return;
    };
    let server = Postgres::start_with(&PathBuf::from(directory), FAST)
        .await
        .expect("it starts");
    assert!(server.is_ours());
    std::future::pending::<()>().await;
}

/// Goal: when the process that started the server is killed with SIGKILL, the server ends too, and
/// the next start is a clean one.
/// Method: this test binary as a child that starts a server; SIGKILL; wait until nothing answers.
#[tokio::test]
async fn no_orphan_when_the_parent_is_killed() {
    let folder = folder();
    let mut parent = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "embedded::tests::parent_that_is_killed",
            "--nocapture",
        ])
        .env(ORPHAN, folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a child");
    let place = Place::at(folder.path()).expect("a place");
    wait("the server answers", async || place.answers().await.is_ok()).await;
    let file = place.data.join("postmaster.pid");
    let text = std::fs::read_to_string(&file).expect("a pid file");
    let process = PathBuf::from(format!("/proc/{}", text.lines().next().expect("a line")));
    assert!(process.exists());
    parent.kill().expect("SIGKILL");
    parent.wait().expect("it is gone");
    wait("the server is gone", async || !process.exists()).await;
    let again = Postgres::start_with(folder.path(), FAST)
        .await
        .expect("it starts again");
    assert_eq!(number(&again, "SELECT 1::bigint").await, 1);
    again.stop().await;
}

async fn wait(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !check().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
