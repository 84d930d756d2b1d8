//! Requests: of threads, which wait for the answer themselves, and of tasks.

mod connection_pool;

use std::io::{ErrorKind, Read};
use std::time::Duration;

use hyper::StatusCode;
use ureq::config::Config;
use ureq::{Agent, Error};

pub use connection_pool::ConnectionPool;

/// Bytes of an answer that are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// What all workers of a process make their requests with: open connections are used again.
#[derive(Debug)]
pub struct HttpClient {
    agent: Agent,
    /// Those of tasks.
    pub connections: ConnectionPool,
}

impl Default for HttpClient {
    fn default() -> Self {
        const IDLE: usize = 1_000;
        let config = Config::builder().max_idle_connections(IDLE).max_idle_connections_per_host(IDLE);
        Self { agent: config.build().new_agent(), connections: ConnectionPool::default() }
    }
}

impl HttpClient {
    /// Asks a server of the run itself, and reads the answer to its end. Each part of it may take `limit`: looking at the
    /// whole would take a thread of its own.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn get_from_run_server(&self, url: &str, limit: Duration) -> Result<(), String> {
        let request = self.agent.get(url).config().proxy(None);
        let request = request.timeout_connect(Some(limit)).timeout_recv_response(Some(limit));
        read_response(request.timeout_recv_body(Some(limit)).build(), limit)
    }

    /// Asks anyone, and reads the answer to its end, all of it within `limit`.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn get(&self, url: &str, limit: Duration) -> Result<(), String> {
        if url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Err("`https` is not supported, only `http`".to_owned());
        }
        read_response(self.agent.get(url).config().timeout_global(Some(limit)).build(), limit)
    }
}

fn read_response(request: ureq::RequestBuilder<ureq::typestate::WithoutBody>, limit: Duration) -> Result<(), String> {
    let say = |error: Error| describe_error(&error, limit);
    let mut answer = request.call().map_err(say)?;
    let mut piece = vec![0; CHUNK_BYTES];
    let mut body = answer.body_mut().as_reader();
    loop {
        match body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(describe_error(&Error::from(e), limit)),
        }
    }
}

fn describe_error(error: &Error, limit: Duration) -> String {
    match error {
        Error::StatusCode(code) => {
            StatusCode::from_u16(*code).map_or_else(|_| format!("status {code}"), describe_status)
        }
        Error::Timeout(_) => describe_timeout(limit),
        Error::Io(e) => describe_refusal(e),
        other => other.to_string(),
    }
}

fn describe_status(code: StatusCode) -> String {
    format!("status {} {}", code.as_str(), code.canonical_reason().unwrap_or_default()).trim_end().to_owned()
}

fn describe_timeout(limit: Duration) -> String {
    format!("no answer within {}", humantime::format_duration(limit))
}

fn describe_refusal(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => error.to_string(),
    }
}
