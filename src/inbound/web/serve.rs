//! The connections: so many at once, each with a limit on every wait, and a graceful end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Web;
use super::guard::Peer;
use crate::store::web;

/// The longest wait for the head of a request; an idle connection is closed after it.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// No connection lives longer, whatever it does.
const CONNECTION_MAX: Duration = Duration::from_mins(2);
/// After an error of `accept`, e.g. no more file descriptors.
const BREATHE: Duration = Duration::from_millis(100);
/// Between two looks for drafts and browsers whose time is over.
const FORGET_EVERY: Duration = Duration::from_mins(10);

/// Serves until cancelled, then lets what is under way end. An error means that the address cannot be had.
pub async fn run(web: Web, cancel: CancellationToken) -> io::Result<()> {
    let address = web.config.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })?;
    let (routes, slots) = (
        web.routes(),
        Arc::new(Semaphore::new(web.config.connections)),
    );
    let under_way = TaskTracker::new();
    let mut forget = tokio::time::interval(FORGET_EVERY);
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => break,
            _ = forget.tick() => {
                web.forget().await;
                continue;
            }
            accepted = accept(&listener, &slots) => accepted,
        };
        let Ok((stream, peer, slot)) = accepted else {
            tokio::time::sleep(BREATHE).await;
            continue;
        };
        let service = TowerToHyperService::new(routes.clone().layer(Extension(peer)));
        let cancel = cancel.clone();
        under_way.spawn(async move {
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_MAX)
                .max_buf_size(HEAD_BYTES);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            // What goes wrong on a connection is its client's affair.
            tokio::select! {
                _ = connection.as_mut() => {}
                () = tokio::time::sleep(CONNECTION_MAX) => {}
                () = cancel.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(HEAD_MAX, connection).await;
                }
            }
            drop(slot);
        });
    }
    drop(listener);
    under_way.close();
    under_way.wait().await;
    Ok(())
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await;
    let slot = slot.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, Peer(address.ip()), slot))
}

impl Web {
    /// Forgets what is over; the next time will do if it fails.
    async fn forget(&self) {
        let now = self.handler.clock.now();
        let done = async {
            let mut conn = self.handler.pool.acquire().await?;
            web::forget(&mut conn, now).await
        };
        if let Err(error) = done.await {
            tracing::info!(%error, "what is over could not be forgotten yet: {error}");
        }
    }
}
