//! Mail, command line and timer at the same instant (W14, W17, W18).

use countersign::handle::Answer;
use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision;
use jiff::SignedDuration;

use crate::office::{ONE_STEP, Office, until};

/// How often they meet.
const ROUNDS: usize = 20;

/// How long a request of [`ONE_STEP`] stays open.
const PENDING: SignedDuration = SignedDuration::from_hours(4);

/// Goal: a reply by mail, a vote at the command line and the end of the time meet on one request, and it has
/// one outcome; whoever spoke is answered, and the requester hears one end.
/// Method: twenty requests on the real stack; in turn nobody waits, or the others wait until the mail has
/// reached the daemon; bob and carol take contrary sides in every other round.
#[tokio::test(flavor = "multi_thread")]
async fn w17_mail_command_line_and_timer_at_once() {
    let office = Office::open(ONE_STEP).await;
    let (bob, mut outcomes) = (office.person("bob"), Vec::new());
    for round in 0..ROUNDS {
        let request = office.files("rita", &format!("db-{round}"), 1).await;
        let ask = bob.hears(Kind::Ask).await;
        office.everybody_reads().await;
        let word = if round % 2 == 0 {
            "APPROVE"
        } else {
            "DISAPPROVE"
        };
        let said = async {
            if round % 4 < 2 {
                reached(&office, round).await;
            }
            let vote = office.votes("carol", request, Decision::Approve);
            let clock = async { office.advance(PENDING) };
            if round % 3 == 0 {
                let ((), said) = tokio::join!(clock, vote);
                said
            } else {
                let (said, ()) = tokio::join!(vote, clock);
                said
            }
        };
        let ((), said) = tokio::join!(bob.replies(&ask, word), said);
        let outcome = one_outcome(&office, request, &said).await;
        outcomes.push(outcome);
        office.everybody_reads().await;
    }
    println!("outcomes of {ROUNDS} rounds: {outcomes:?}");
    office.close().await;
}

/// Waits until the mail of this round has been fetched.
async fn reached(office: &Office, round: usize) {
    until("the reply is there", async || {
        let sql = "SELECT count(*) FROM inbound_mail";
        let there = usize::try_from(office.count(sql).await).expect("few");
        (there > round).then_some(())
    })
    .await;
}

/// The outcome of a request, after everybody has been answered.
async fn one_outcome(office: &Office, request: RequestId, said: &Answer) -> String {
    let state = until("it is settled", async || {
        let state = office.state(request).await;
        (state != "pending").then_some(state)
    })
    .await;
    let told = async |person: &str, kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        let sql = "SELECT count(*) FROM delivery
                   WHERE request_id = $1 AND person = $2 AND kind = ANY($3) AND state <> 'cancelled'";
        sqlx::query_scalar::<_, i64>(sql)
            .bind(request.0)
            .bind(person)
            .bind(&kinds)
            .fetch_one(&office.pool)
            .await
            .expect("a number")
    };
    until("bob is answered", async || {
        (told("bob", &["recorded", "refused"]).await == 1).then_some(())
    })
    .await;
    let ends = ["approved", "rejected", "expired"];
    assert_eq!(told("rita", &ends).await, 1, "one end of {state}");
    assert_eq!(
        told("rita", &[state.as_str()]).await,
        1,
        "and the right one"
    );
    let grants: i64 = sqlx::query_scalar("SELECT count(*) FROM access_grant WHERE request_id = $1")
        .bind(request.0)
        .fetch_one(&office.pool)
        .await
        .expect("a number");
    assert_eq!(grants, i64::from(state == "approved"));
    match said {
        Answer::Accepted { events, .. } => {
            assert_eq!(state, "approved", "carol decided it: {events:?}");
        }
        Answer::Refused { refusal, .. } => assert_eq!(refusal.code(), "settled", "{state}"),
        other => panic!("carol was not answered: {other:?}"),
    }
    state
}
