//! HTTP requests of event-loop tasks: a task that waits for a response gives its thread back to the loop.

use std::error::Error;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::LOCATION;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{describe_io_error, describe_status, describe_timeout, unsupported_scheme};

/// The most redirects that a request follows.
const MAX_REDIRECTS: usize = 10;

/// A client with a pool of connections. It uses no proxy.
#[derive(Debug)]
pub struct TaskClient(Client<HttpConnector, Empty<Bytes>>);

impl Default for TaskClient {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }
}

impl TaskClient {
    /// Sends a request and reads the whole response, all within `limit`.
    ///
    /// # Errors
    /// Describes the problem.
    pub async fn get(&self, url: &str, limit: Duration) -> Result<(), String> {
        tokio::time::timeout(limit, self.follow_redirects(url)).await.unwrap_or_else(|_| Err(describe_timeout(limit)))
    }

    async fn follow_redirects(&self, url: &str) -> Result<(), String> {
        let mut url = parse_url(url)?;
        for _ in 0..MAX_REDIRECTS {
            match self.send_request(&url).await? {
                Some(next) => url = next,
                None => return Ok(()),
            }
        }
        Err(format!("more than {MAX_REDIRECTS} redirects"))
    }

    /// Sends one request. Returns the URL to which the response redirects, if it does.
    async fn send_request(&self, url: &Uri) -> Result<Option<Uri>, String> {
        let response = self.0.get(url.clone()).await.map_err(|e| describe_error(&e))?;
        let status = response.status();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame.map_err(|e| describe_error(&e))?;
        }
        match location.filter(|_| status.is_redirection()) {
            Some(path) if path.starts_with('/') => {
                parse_url(&format!("http://{}{path}", url.authority().map_or("", |a| a.as_str()))).map(Some)
            }
            Some(location) => parse_url(&location).map(Some),
            None if status.is_success() => Ok(None),
            None => Err(describe_status(status)),
        }
    }
}

fn parse_url(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|e| format!("invalid URL: {e}"))?;
    match uri.scheme_str() {
        Some("http") if uri.authority().is_some() => Ok(uri),
        Some("http") | None => Err("invalid URL".to_owned()),
        Some(scheme) => Err(unsupported_scheme(scheme)),
    }
}

/// Describes the I/O error behind an error, or else the innermost error.
fn describe_error(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.downcast_ref::<io::Error>().map_or_else(|| innermost.to_string(), describe_io_error)
}
