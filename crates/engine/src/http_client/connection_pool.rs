//! Requests of tasks: who waits for an answer gives the thread back to the event loop, which does the rest as well.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, LOCATION};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{describe_refusal, describe_status, describe_timeout};

/// Answers that only name another address are followed so often.
const MAX_REDIRECTS: usize = 10;

type HttpConnection = SendRequest<Empty<Bytes>>;

/// Open connections that nobody uses now, by host and port.
#[derive(Debug, Default)]
pub struct ConnectionPool {
    idle: Mutex<HashMap<String, Vec<HttpConnection>>>,
}

impl ConnectionPool {
    /// Asks, and reads the answer to its end, all of it within `limit`. Knows of no proxy.
    ///
    /// # Errors
    /// What went wrong, in words.
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
        Err("sent on from one address to the next".to_owned())
    }

    /// One request; the address that the answer sends on to, if it does.
    async fn send_request(&self, url: &Uri) -> Result<Option<Uri>, String> {
        let host = url.authority().map(ToString::to_string).unwrap_or_default();
        let (mut line, answer) = self.request_on_connection(&host, url).await?;
        let status = answer.status();
        let next = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).map(str::to_owned);
        let mut body = answer.into_body();
        while let Some(piece) = body.frame().await {
            piece.map_err(|e| describe_hyper_error(&e))?;
        }
        if line.ready().await.is_ok() {
            self.lock_idle().entry(host).or_default().push(line);
        }
        match next.filter(|_| status.is_redirection()) {
            Some(next) if next.starts_with('/') => {
                parse_url(&format!("http://{}{next}", url.authority().map_or("", |a| a.as_str()))).map(Some)
            }
            Some(next) => parse_url(&next).map(Some),
            None if status.is_success() => Ok(None),
            None => Err(describe_status(status)),
        }
    }

    /// The answer, over a connection that was there already if one still is.
    async fn request_on_connection(
        &self,
        host: &str,
        url: &Uri,
    ) -> Result<(HttpConnection, Response<Incoming>), String> {
        loop {
            let idle = self.lock_idle().get_mut(host).and_then(Vec::pop);
            let again = idle.is_some();
            let mut line = match idle {
                Some(line) => line,
                None => connect(host).await.map_err(|e| describe_refusal(&e))?,
            };
            match line.send_request(build_request(host, url)?).await {
                Ok(answer) => return Ok((line, answer)),
                Err(_) if again => {} // closed while nobody used it
                Err(e) => return Err(describe_hyper_error(&e)),
            }
        }
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<HttpConnection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse_url(url: &str) -> Result<Uri, String> {
    let read: Uri = url.parse().map_err(|e| format!("this is no URL: {e}"))?;
    match read.scheme_str() {
        Some("http") if read.authority().is_some() => Ok(read),
        Some(scheme) => Err(format!("`{scheme}` is not supported, only `http`")),
        None => Err("this is no URL".to_owned()),
    }
}

fn build_request(host: &str, url: &Uri) -> Result<Request<Empty<Bytes>>, String> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    Request::get(path).header(HOST, host).body(Empty::new()).map_err(|e| e.to_string())
}

/// A new connection, seen to by the loop.
async fn connect(host: &str) -> io::Result<HttpConnection> {
    let has_port = host.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    let stream = TcpStream::connect(if has_port { host.to_owned() } else { format!("{host}:80") }).await?;
    let _ = stream.set_nodelay(true);
    let (line, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(line)
}

fn describe_hyper_error(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}
