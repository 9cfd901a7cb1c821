//! What holds for every request, before anything is looked up: limits, where a form may come from, and
//! the headers of every answer.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::{Web, is_short, pages};

/// The longest that one answer may take, its form's arrival included.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Browsers come by https for this long, once they have; in seconds.
const HSTS: &str = "max-age=31536000";

/// Who is at the other end of the connection; no header says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Nothing from elsewhere, no script, no style but our sheet, no frame around us, forms to us only.
pub const CSP: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                   frame-ancestors 'none'";
fn headers_of_every_answer() -> [(HeaderName, &'static str); 8] {
    [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ]
}

/// Lets a request through, or answers it.
pub async fn guard(State(web): State<Web>, request: Request<Body>, next: Next) -> Response {
    let asked = request.headers().clone();
    let mut answer = if let Some((status, notice)) = stopped(&web, &request) {
        pages::notice(&web, &asked, status, notice, "")
    } else {
        let answer = tokio::time::timeout(ANSWER_MAX, next.run(request)).await;
        let late = StatusCode::SERVICE_UNAVAILABLE;
        answer.unwrap_or_else(|_| pages::notice(&web, &asked, late, "later", ""))
    };
    let headers = answer.headers_mut();
    for (name, value) in headers_of_every_answer() {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if web.config.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HSTS),
        );
    }
    answer
}

/// Why a request goes no further.
fn stopped(web: &Web, request: &Request<Body>) -> Option<(StatusCode, &'static str)> {
    let peer = request.extensions().get::<Peer>();
    let may = peer.is_none_or(|peer| web.limits().client(peer.0, Instant::now()));
    if !may {
        return Some((StatusCode::TOO_MANY_REQUESTS, "busy"));
    }
    if !is_short(request.uri()) {
        return Some((StatusCode::NOT_FOUND, "unknown"));
    }
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if writes && comes_from_elsewhere(request.headers(), &web.config.public_url) {
        return Some((StatusCode::FORBIDDEN, "elsewhere"));
    }
    None
}

/// Whether a browser says that a form was sent by another page than ours. One that says nothing, or that
/// hides its origin as our own Referrer-Policy asks it to, is judged by the form's seal.
fn comes_from_elsewhere(headers: &HeaderMap, public_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin";
    }
    match headers.get(header::ORIGIN) {
        Some(origin) if origin != "null" => origin != public_url,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a form is taken from our own page only, by whatever the browser tells. Method: what browsers
    /// send, from our page and from others.
    #[test]
    fn a_form_from_elsewhere_is_told() {
        let ours = "https://approvals.example.org";
        for (sent, elsewhere) in [
            (&[][..], false),
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "null")],
                false,
            ),
            (&[("sec-fetch-site", "cross-site"), ("origin", ours)], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("origin", ours)], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://evil.example")], true),
            (&[("origin", "http://approvals.example.org")], true),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.insert(*name, value.parse().expect("a value"));
            }
            assert_eq!(comes_from_elsewhere(&headers, ours), elsewhere, "{sent:?}");
        }
    }
}
