//! `server site latency="50ms" capacity=8`: a small HTTP server of the run's own.

use kdl::KdlNode;

use super::Checker;
use super::node::{prop, value_span};
use super::number::{AT_WORK, BYTES, ROOM, SHARE, TIME, Want};
use crate::expr::Expr;
use crate::program::{ResourceSpec, Serving};

/// Requests that a server works on at once, and that can be in it, unless it says otherwise.
const CAPACITY: f64 = 1_000.0;
const REQUESTS: f64 = 1_000.0;
/// Length of an answer, unless it says otherwise.
const ANSWER: f64 = 1_024.0;

impl Checker {
    pub(super) fn server(&mut self, node: &KdlNode) -> ResourceSpec {
        let mut number = |name: &str, want: Want, default: f64| {
            self.number_or(node, name, want, default).map_or(Expr::Number(default), |number| number.expr)
        };
        let serving = Serving {
            latency: number("latency", TIME.whole(), 0.0),
            jitter: number("jitter", TIME.whole(), 0.0),
            failure: number("failure", SHARE.whole(), 0.0),
            bytes: number("bytes", BYTES.whole(), ANSWER),
            capacity: number("capacity", AT_WORK, CAPACITY),
            room: number("room", ROOM, REQUESTS),
            missing: self.missing(node),
        };
        ResourceSpec::Server(Box::new(serving))
    }

    /// The paths that are not there.
    fn missing(&mut self, node: &KdlNode) -> Vec<String> {
        let Some(entry) = prop(node, "missing") else { return Vec::new() };
        let paths: Vec<String> =
            self.text(entry).map(|text| text.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
        if let Some(odd) = paths.iter().find(|path| !path.starts_with('/')) {
            let title = format!("`{odd}` is no path: it does not begin with `/`");
            self.mistakes.error(value_span(entry), title).help("write it like this: missing=\"/one /two\"");
        }
        paths
    }
}
