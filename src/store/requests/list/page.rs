//! One page of numbers, by every filter at once.
//!
//! One statement serves every list. A filter that is not given is null, and the planner, which is told to
//! plan for the values at hand, folds its line away: so `--requester` alone is planned as if nothing else
//! stood there, and reads its page off the end of `request_by_requester`. A table is joined by its key
//! where a filter speaks of it, and is not read at all where none does.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::pattern::Resources;
use super::{Emergencies, Sought};
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::request::{Decision, GrantState, Status};

/// Where a list goes on: behind this request.
pub(super) type Cursor = (Timestamp, RequestId);

/// What the columns say of a status: the stored state and, of a pending one, whether its time has passed
/// (W18).
type Stored = (&'static str, Option<bool>);

/// What one page is read by.
pub(super) struct Page<'a> {
    pub sought: &'a Sought,
    /// Only among these; `None`: among all.
    pub among: Option<&'a [i64]>,
    pub resources: &'a Resources,
    pub now: Timestamp,
    pub after: Option<Cursor>,
    /// How many numbers at most.
    pub most: i64,
}

impl Page<'_> {
    /// The numbers, the newest filing first.
    pub(super) async fn read(&self, conn: &mut PgConnection) -> Result<Vec<Cursor>, sqlx::Error> {
        let mut found = Vec::new();
        for stored in self.stored() {
            found.extend(self.of(conn, stored).await?);
        }
        found.sort_by(|a, b| b.cmp(a));
        found.truncate(usize::try_from(self.most).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// Where a request past its time is not yet written down as expired, it is still among the pending;
    /// each half is read off its own end of the index.
    fn stored(&self) -> Vec<Option<Stored>> {
        // What names somebody is pending; the workflow says whether its time has passed.
        if self.among.is_some() {
            return vec![None];
        }
        let Some(status) = self.sought.status else {
            return vec![None];
        };
        match status {
            Status::Open => vec![Some(("pending", Some(false)))],
            Status::Expired => vec![Some(("expired", None)), Some(("pending", Some(true)))],
            Status::Approved | Status::Rejected | Status::Withdrawn => {
                vec![Some((status.as_str(), None))]
            }
        }
    }

    async fn of(
        &self,
        conn: &mut PgConnection,
        stored: Option<Stored>,
    ) -> Result<Vec<Cursor>, sqlx::Error> {
        let sought = self.sought;
        let (state, overdue) = stored.map_or((None, None), |(state, late)| (Some(state), late));
        let decision = sought.decision.map(|decision| match decision {
            Decision::Approve => "approve",
            Decision::Disapprove => "disapprove",
        });
        let emergency = sought.emergency.map(|which| which != Emergencies::No);
        let reviewed = (sought.emergency == Some(Emergencies::Unreviewed)).then_some(false);
        // What the joined tables are read from: a bound that the exact ones lie within.
        let cursor = self.after.map(|(at, _)| at);
        let upto = sought.until.into_iter().chain(cursor).min();
        let rows = sqlx::query!(
            r#"SELECT r.id AS "id!", r.filed_at AS "filed_at!: jiff_sqlx::Timestamp"
               FROM request AS r
               LEFT JOIN involved AS s
                   ON s.request_id = r.id AND s.filed_at = r.filed_at AND s.person = coalesce($2, '')
                   AND ($15::timestamptz IS NULL OR s.filed_at >= $15)
                   AND ($19::timestamptz IS NULL OR s.filed_at <= $19)
               LEFT JOIN involved AS d
                   ON d.request_id = r.id AND d.filed_at = r.filed_at AND d.person = coalesce($3, '')
                   AND d.decided
                   AND ($15::timestamptz IS NULL OR d.filed_at >= $15)
                   AND ($19::timestamptz IS NULL OR d.filed_at <= $19)
               LEFT JOIN access_grant AS g
                   ON g.request_id = r.id AND g.filed_at = r.filed_at
                   AND ($15::timestamptz IS NULL OR g.filed_at >= $15)
                   AND ($19::timestamptz IS NULL OR g.filed_at <= $19)
               WHERE ($1::bigint[] IS NULL OR r.id = ANY($1))
                 AND ($2::text IS NULL OR s.person IS NOT NULL)
                 AND ($3::text IS NULL OR d.person IS NOT NULL)
                 AND ($4::text IS NULL OR NOT EXISTS (
                          SELECT FROM vote AS v
                          WHERE v.request_id = r.id AND (v.person = $4 OR v.on_behalf_of = $4)
                            AND (v.step = r.step OR v.decision = 'approve'
                                 AND (r.terms ->> 'distinct_approvers')::boolean)))
                 AND ($5::text IS NULL OR r.state = $5)
                 AND ($6::boolean IS NULL OR (r.pending_until <= $7) = $6)
                 AND ($8::text IS NULL
                      OR $8 = 'scheduled' AND g.ended_at IS NULL AND g.starts_at > $7
                         AND g.ends_at > $7
                      OR $8 = 'active' AND g.ended_at IS NULL AND g.starts_at <= $7
                         AND g.ends_at > $7
                      OR $8 = 'ended' AND g.ended_at IS NULL AND g.ends_at <= $7
                      OR $8 IN ('revoked', 'returned') AND r.end_cause = $8)
                 AND ($9::boolean IS NULL OR r.emergency = $9)
                 AND ($10::boolean IS NULL OR r.reviewed = $10)
                 AND ($11::text IS NULL OR r.requester = $11)
                 AND ($12::text IS NULL OR r.module = $12)
                 AND ($13::text IS NULL OR r.resource LIKE $13)
                 AND ($21::text[] IS NULL OR r.resource = ANY($21))
                 AND ($14::text IS NULL
                      OR $14 = 'approve' AND $3 IS NULL AND r.has_approval
                      OR $14 = 'disapprove' AND $3 IS NULL AND r.has_disapproval
                      OR $14 = 'approve' AND $3 IS NOT NULL AND d.approved
                      OR $14 = 'disapprove' AND $3 IS NOT NULL AND d.disapproved)
                 AND ($15::timestamptz IS NULL OR r.filed_at >= $15)
                 AND ($16::timestamptz IS NULL OR r.filed_at < $16)
                 AND ($17::timestamptz IS NULL OR (r.filed_at, r.id) < ($17, $18::bigint))
               ORDER BY r.filed_at DESC, r.id DESC LIMIT $20"#,
            self.among as _,
            sought.seen_by.as_ref().map(PersonId::as_str),
            sought.decided_by.as_ref().map(PersonId::as_str),
            sought.waiting_for.as_ref().map(PersonId::as_str),
            state,
            overdue,
            self.now.to_sqlx() as _,
            sought.grant.map(GrantState::as_str),
            emergency,
            reviewed,
            sought.requester.as_ref().map(PersonId::as_str),
            sought.module.as_ref().map(Module::as_str),
            self.resources.like(),
            decision,
            sought.since.map(ToSqlx::to_sqlx) as _,
            sought.until.map(ToSqlx::to_sqlx) as _,
            cursor.map(ToSqlx::to_sqlx) as _,
            self.after.map(|(_, id)| id.0),
            upto.map(ToSqlx::to_sqlx) as _,
            self.most,
            self.resources.names() as _,
        )
        .fetch_all(conn)
        .await?;
        let cursors = rows.into_iter();
        Ok(cursors
            .map(|row| (row.filed_at.to_jiff(), RequestId(row.id)))
            .collect())
    }
}
