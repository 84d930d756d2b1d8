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

use super::{late, refused, status};

/// Answers that only name another address are followed so often.
const REDIRECTS: usize = 10;

type Line = SendRequest<Empty<Bytes>>;

/// Open connections that nobody uses now, by host and port.
#[derive(Debug, Default)]
pub struct Lines {
    idle: Mutex<HashMap<String, Vec<Line>>>,
}

impl Lines {
    /// Asks, and reads the answer to its end, all of it within `limit`. Knows of no proxy.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn get(&self, url: &str, limit: Duration) -> Result<(), String> {
        tokio::time::timeout(limit, self.follow(url)).await.unwrap_or_else(|_| Err(late(limit)))
    }

    async fn follow(&self, url: &str) -> Result<(), String> {
        let mut url = read(url)?;
        for _ in 0..REDIRECTS {
            match self.ask(&url).await? {
                Some(next) => url = next,
                None => return Ok(()),
            }
        }
        Err("sent on from one address to the next".to_owned())
    }

    /// One request; the address that the answer sends on to, if it does.
    async fn ask(&self, url: &Uri) -> Result<Option<Uri>, String> {
        let host = url.authority().map(ToString::to_string).unwrap_or_default();
        let (mut line, answer) = self.answer(&host, url).await?;
        let status = answer.status();
        let next = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).map(str::to_owned);
        let mut body = answer.into_body();
        while let Some(piece) = body.frame().await {
            piece.map_err(|e| say(&e))?;
        }
        if line.ready().await.is_ok() {
            self.idle().entry(host).or_default().push(line);
        }
        match next.filter(|_| status.is_redirection()) {
            Some(next) if next.starts_with('/') => {
                read(&format!("http://{}{next}", url.authority().map_or("", |a| a.as_str()))).map(Some)
            }
            Some(next) => read(&next).map(Some),
            None if status.is_success() => Ok(None),
            None => Err(self::status(status)),
        }
    }

    /// The answer, over a connection that was there already if one still is.
    async fn answer(&self, host: &str, url: &Uri) -> Result<(Line, Response<Incoming>), String> {
        loop {
            let idle = self.idle().get_mut(host).and_then(Vec::pop);
            let again = idle.is_some();
            let mut line = match idle {
                Some(line) => line,
                None => open(host).await.map_err(|e| refused(&e))?,
            };
            match line.send_request(request(host, url)?).await {
                Ok(answer) => return Ok((line, answer)),
                Err(_) if again => {} // closed while nobody used it
                Err(e) => return Err(say(&e)),
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Line>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(url: &str) -> Result<Uri, String> {
    let read: Uri = url.parse().map_err(|e| format!("this is no URL: {e}"))?;
    match read.scheme_str() {
        Some("http") if read.authority().is_some() => Ok(read),
        Some(scheme) => Err(format!("`{scheme}` is not spoken here, only `http`")),
        None => Err("this is no URL".to_owned()),
    }
}

fn request(host: &str, url: &Uri) -> Result<Request<Empty<Bytes>>, String> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    Request::get(path).header(HOST, host).body(Empty::new()).map_err(|e| e.to_string())
}

/// A new connection, seen to by the loop.
async fn open(host: &str) -> io::Result<Line> {
    let has_port = host.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    let stream = TcpStream::connect(if has_port { host.to_owned() } else { format!("{host}:80") }).await?;
    let _ = stream.set_nodelay(true);
    let (line, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(line)
}

fn say(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}
