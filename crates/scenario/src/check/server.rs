//! Declarations of HTTP servers: `server site latency="50ms" capacity=8`.

use kdl::KdlNode;

use super::Checker;
use super::node::{prop, value_span};
use super::number_rule::{BYTES, CONCURRENT_REQUESTS, NumberRule, SERVER_ROOM, SHARE, TIME};
use crate::expr::Expr;
use crate::program::{ResourceSpec, ServerSpec};

/// Default number of requests that a server works on at once.
const CAPACITY: f64 = 1_000.0;
/// Default number of requests that fit in a server.
const REQUESTS: f64 = 1_000.0;
/// Default length of an answer.
const ANSWER: f64 = 1_024.0;

impl Checker {
    pub(super) fn server(&mut self, node: &KdlNode) -> ResourceSpec {
        let mut number = |name: &str, want: NumberRule, default: f64| {
            self.number_or(node, name, want, default).map_or(Expr::Number(default), |number| number.expr)
        };
        let serving = ServerSpec {
            latency: number("latency", TIME.without_index(), 0.0),
            jitter: number("jitter", TIME.without_index(), 0.0),
            failure_rate: number("failure", SHARE.without_index(), 0.0),
            bytes: number("bytes", BYTES.without_index(), ANSWER),
            capacity: number("capacity", CONCURRENT_REQUESTS, CAPACITY),
            max_requests: number("room", SERVER_ROOM, REQUESTS),
            missing_paths: self.missing(node),
        };
        ResourceSpec::Server(Box::new(serving))
    }

    /// Reads the paths that the server answers with status 404.
    fn missing(&mut self, node: &KdlNode) -> Vec<String> {
        let Some(entry) = prop(node, "missing") else { return Vec::new() };
        let paths: Vec<String> =
            self.text(entry).map(|text| text.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
        if let Some(odd) = paths.iter().find(|path| !path.starts_with('/')) {
            let title = format!("`{odd}` is not a path: it does not begin with `/`");
            self.mistakes.error(value_span(entry), title).help("write it like this: missing=\"/one /two\"");
        }
        paths
    }
}
