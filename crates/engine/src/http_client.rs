//! HTTP requests of threads, which wait for the response themselves, and of event-loop tasks.

mod task_client;

use std::io::{ErrorKind, Read};
use std::time::Duration;

use hyper::StatusCode;
use ureq::config::Config;
use ureq::{Agent, Error};

use self::task_client::TaskClient;

/// Bytes of a response that are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The client of all workers of a process, which keeps idle connections open.
#[derive(Debug)]
pub struct HttpClient {
    agent: Agent,
    /// The client of event-loop tasks.
    pub tasks: TaskClient,
}

impl Default for HttpClient {
    fn default() -> Self {
        const IDLE: usize = 1_000;
        let config = Config::builder().max_idle_connections(IDLE).max_idle_connections_per_host(IDLE);
        Self { agent: config.build().new_agent(), tasks: TaskClient::default() }
    }
}

impl HttpClient {
    /// Sends a request to a server of the run and reads the whole response. Connecting, the head and the body may each
    /// take `limit`: a limit for the whole would cost a thread.
    ///
    /// # Errors
    /// Describes the problem.
    pub fn get_from_run_server(&self, url: &str, limit: Duration) -> Result<(), String> {
        let request = self.agent.get(url).config().proxy(None);
        let request = request.timeout_connect(Some(limit)).timeout_recv_response(Some(limit));
        read_response(request.timeout_recv_body(Some(limit)).build(), limit)
    }

    /// Sends a request to any server and reads the whole response, all within `limit`.
    ///
    /// # Errors
    /// Describes the problem.
    pub fn get(&self, url: &str, limit: Duration) -> Result<(), String> {
        if url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Err(unsupported_scheme("https"));
        }
        read_response(self.agent.get(url).config().timeout_global(Some(limit)).build(), limit)
    }
}

fn read_response(request: ureq::RequestBuilder<ureq::typestate::WithoutBody>, limit: Duration) -> Result<(), String> {
    let mut response = request.call().map_err(|error| describe_error(&error, limit))?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut body = response.body_mut().as_reader();
    loop {
        match body.read(&mut chunk) {
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
        Error::Io(e) => describe_io_error(e),
        other => other.to_string(),
    }
}

fn describe_status(code: StatusCode) -> String {
    format!("status {} {}", code.as_str(), code.canonical_reason().unwrap_or_default()).trim_end().to_owned()
}

fn describe_timeout(limit: Duration) -> String {
    format!("no answer within {}", humantime::format_duration(limit))
}

fn describe_io_error(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => error.to_string(),
    }
}

fn unsupported_scheme(scheme: &str) -> String {
    format!("`{scheme}` is not supported, only `http`")
}
