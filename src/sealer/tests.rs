//! What the sealer leaves outside, and who may seal. What a seal covers is tested in `handle::tests`.

use super::*;
use crate::store::audit::{self, Entry, Outcome};
use crate::workflow::request::Channel;

fn sealer(pool: &PgPool, holder: &str, file: PathBuf) -> Sealer {
    let secret = data_encoding::BASE64.encode(&[1; 32]);
    Sealer {
        pool: pool.clone(),
        clock: Clock::system(),
        key: Arc::new(SealKey::new(&secret.into()).expect("a key")),
        interval: Duration::from_secs(1),
        post_to: None,
        wake: Arc::default(),
        file: Some(file),
        holder: holder.to_owned(),
    }
}

async fn happens(pool: &PgPool) {
    let entry = Entry::new(Clock::system().now(), Channel::Mail, Outcome::Unidentified);
    let mut tx = pool.begin().await.expect("begins");
    audit::append_system(&mut tx, Channel::Mail, &[entry])
        .await
        .expect("appends");
    tx.commit().await.expect("commits");
}

/// Goal: every seal is in the file once and in order, those included that another daemon made while this
/// one was away; a file that knows more than the database, or is damaged, is said and left as it is.
/// Method: two daemons with a file each, the second of which comes late; then a seal is taken away.
#[sqlx::test(migrations = "./migrations")]
async fn the_file_has_every_seal(pool: PgPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let first = sealer(&pool, "a", folder.path().join("first"));
    let second = sealer(&pool, "b", folder.path().join("second"));
    assert_eq!(first.pass().await.expect("looks"), None, "nothing happened");
    let mut written = None;
    for number in 1..=3 {
        happens(&pool).await;
        let made = first.pass().await.expect("seals").expect("something moved");
        assert_eq!(made.seal.number, number);
        written = first.catch_up(written).await.expect("writes");
        assert_eq!(written, Some(number));
    }
    assert_eq!(second.catch_up(None).await.expect("writes"), Some(3));
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("reads");
    assert_eq!(text("first"), text("second"));
    assert_eq!(last_in(&folder.path().join("second")).expect("reads"), 3);

    let cut = "DELETE FROM seal_leaf WHERE seal = 3; DELETE FROM seal WHERE number = 3";
    sqlx::raw_sql(cut).execute(&pool).await.expect("cuts");
    let said = first.catch_up(None).await.expect_err("cut off").to_string();
    assert!(
        said.contains("has seal 3, and the database ends with 2"),
        "{said}"
    );
    let damaged = text("first").replace("leaves", "leafs");
    std::fs::write(folder.path().join("first"), &damaged).expect("writes");
    let said = first.catch_up(None).await.expect_err("damaged").to_string();
    assert!(
        said.contains("line 11") && said.contains("mend: "),
        "{said}"
    );
    assert_eq!(text("first"), damaged);
}

/// Goal: while one daemon seals the others do not, and the interval is counted by the database.
/// Method: the lease in somebody else's hands, then given back; ask when the next is due.
#[sqlx::test(migrations = "./migrations")]
async fn one_seals_at_a_time(pool: PgPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let sealer = sealer(&pool, "a", folder.path().join("seals"));
    happens(&pool).await;
    let mut conn = pool.acquire().await.expect("a connection");
    let held = leases::acquire(&mut conn, seals::LEASE, "other", LEASE_TTL).await;
    let held = held.expect("sql").expect("free");
    assert_eq!(sealer.pass().await.expect("looks"), None);
    leases::release(&mut conn, &held).await.expect("sql");
    let made = sealer
        .pass()
        .await
        .expect("seals")
        .expect("something moved");
    let hour = Duration::from_hours(1);
    let due = |now| {
        let pool = pool.clone();
        async move {
            let mut conn = pool.acquire().await.expect("a connection");
            seals::until_due(&mut conn, now, hour).await.expect("sql")
        }
    };
    assert_eq!(due(made.seal.at).await, hour);
    let later = made.seal.at + jiff::SignedDuration::from_mins(50);
    assert_eq!(due(later).await, Duration::from_mins(10));
    let past = made.seal.at + jiff::SignedDuration::from_hours(2);
    assert_eq!(due(past).await, Duration::ZERO);
}
