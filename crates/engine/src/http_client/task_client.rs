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
        let response = match self.0.get(url.clone()).await {
            // The server may close an idle connection just when it is used again. A GET request can be repeated.
            Err(e) if !e.is_connect() => self.0.get(url.clone()).await,
            response => response,
        };
        let response = response.map_err(|e| describe_error(&e))?;
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    /// Starts a server that answers every request with `head` and closes the connection after `requests` of them.
    /// Returns its URL, and the number of connections.
    fn start_server(head: &'static str, requests: usize) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let accept = move || {
            for stream in listener.incoming() {
                accepted.fetch_add(1, Ordering::SeqCst);
                let stream = stream.expect("a connection");
                spawn(move || answer_requests(&stream, head, requests));
            }
        };
        spawn(accept);
        (url, connections)
    }

    fn spawn(body: impl FnOnce() + Send + 'static) {
        thread::Builder::new().name("server".into()).spawn(body).expect("a thread");
    }

    fn answer_requests(mut stream: &TcpStream, head: &str, requests: usize) {
        for _ in 0..requests {
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            if lines.take_while(|line| !line.is_empty()).count() == 0 {
                return;
            }
            stream.write_all(format!("HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nok").as_bytes()).expect("a client");
        }
    }

    fn get(urls: &[&str]) -> Vec<Result<(), String>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = TaskClient::default();
        runtime.block_on(async {
            let mut results = Vec::new();
            for url in urls {
                results.push(client.get(url, Duration::from_secs(10)).await);
            }
            results
        })
    }

    #[test]
    fn idle_connection_is_reused() {
        let (url, connections) = start_server("200 OK", 100);
        assert_eq!(get(&[url.as_str(); 20]), vec![Ok(()); 20]);
        // Usually 1. A request may open a connection just before the last one becomes idle.
        assert!(connections.load(Ordering::SeqCst) < 5, "{connections:?}");
    }

    #[test]
    fn closed_idle_connection_is_replaced() {
        let (url, connections) = start_server("200 OK", 1);
        assert_eq!(get(&[url.as_str(); 5]), vec![Ok(()); 5]);
        assert!(connections.load(Ordering::SeqCst) >= 5, "{connections:?}");
    }

    #[test]
    fn redirects_are_followed_up_to_a_limit() {
        let (url, _) = start_server("302 Found\r\nLocation: /", 100);
        assert_eq!(get(&[&url]), [Err("more than 10 redirects".to_owned())]);
    }

    #[test]
    fn failures_are_described() {
        let (url, _) = start_server("404 Not Found", 1);
        let results = get(&[&url, "http://127.0.0.1:1/", "ftp://h/", "http://"]);
        assert_eq!(results[0], Err("status 404 Not Found".to_owned()));
        assert_eq!(results[1], Err("connection refused".to_owned()));
        assert_eq!(results[2], Err("`ftp` is not supported, only `http`".to_owned()));
        assert!(results[3].is_err());
    }
}
