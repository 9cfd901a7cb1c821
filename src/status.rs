//! Health and readiness over HTTP, for whoever watches us.
//!
//! `GET /healthz` answers 200 as long as the process runs its loops. `GET /readyz` answers 200 when the
//! database answers and every loop and every connection is well, else 503; its JSON names what is not.
//! `GET /metrics` says how much there is of what ([`metrics`]); 503 where the database does not say.
//! Nothing here names a request or a person. Bind it to loopback or to a network that only
//! the monitoring reaches: it has no login.

mod metrics;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::supervise::{LoopState, Supervisor};

/// How long the database may take to answer before it counts as unreachable.
pub const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// One connection to the outside: `None` when well, else what is wrong, one sentence.
pub type Probe = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What readiness is judged by.
#[derive(Clone)]
pub struct Status {
    /// The database.
    pub pool: PgPool,
    /// The loops.
    pub supervisor: Supervisor,
    /// What is due when.
    pub clock: Clock,
    /// Connections by name, e.g. `smtp`, `imap`.
    pub probes: BTreeMap<&'static str, Probe>,
}

impl Status {
    /// Everything that is not well, by name; empty means ready.
    pub async fn complaints(&self) -> BTreeMap<&'static str, String> {
        let mut wrong = BTreeMap::new();
        let ping = sqlx::query("SELECT 1").execute(&self.pool);
        match tokio::time::timeout(DATABASE_PATIENCE, ping).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => drop(wrong.insert("database", error.to_string())),
            Err(_) => drop(wrong.insert("database", "does not answer".to_owned())),
        }
        for (name, state) in self.supervisor.states() {
            if let LoopState::Failed { at, why } = state {
                wrong.insert(name, format!("failed at {at}: {why}"));
            }
        }
        for (name, probe) in &self.probes {
            if let Some(why) = probe() {
                wrong.insert(name, why);
            }
        }
        wrong
    }
}

/// Serves until cancelled. An error means that the address cannot be had.
pub async fn run(
    address: SocketAddr,
    status: Status,
    cancel: CancellationToken,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| {
            std::io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })?;
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state((status, metrics::Kept::default()));
    axum::serve(listener, routes)
        .with_graceful_shutdown(cancel.cancelled_owned())
        .await
}

async fn measured(State((status, kept)): State<(Status, metrics::Kept)>) -> Response {
    match metrics::page(&status, &kept).await {
        Ok(page) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn ready(State((status, _)): State<(Status, metrics::Kept)>) -> Response {
    let wrong = status.complaints().await;
    let code = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({ "ready": wrong.is_empty(), "not_well": wrong });
    (
        code,
        [(header::CONTENT_TYPE, "application/json")],
        format!("{body}\n"),
    )
        .into_response()
}
