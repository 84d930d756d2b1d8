//! Batches that replay a trace: `batch trace="requests.csv" speed=10`.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::node::{entry_span, prop, value_span};
use super::number_rule::{SPEED, TRACE_TIME};
use crate::expr::Expr;
use crate::program::{Feed, TraceFile};

impl Checker {
    /// Reads the trace in `entry`, which is fed `times` times. The file itself is read before each run.
    pub(super) fn trace_tasks(&mut self, node: &KdlNode, entry: &KdlEntry, times: Expr) -> Option<Feed> {
        let text = self.text(entry)?;
        let file = if let Some(knob) = text.strip_prefix('$') {
            TraceFile::Knob(self.named_text_knob(entry, knob)?)
        } else if text.trim().is_empty() {
            self.mistakes.error(value_span(entry), "there is no path").help("such as trace=\"requests.csv\"");
            return None;
        } else {
            let dir = self.dir.clone().unwrap_or_default();
            TraceFile::Path(dir.join(text).to_string_lossy().into_owned())
        };
        let from = self.number_or_default(node, "from", TRACE_TIME, 0.0);
        let to = prop(node, "to").and_then(|entry| self.number(entry, TRACE_TIME)).map(|to| to.expr);
        if let (Expr::Number(from), Some(Expr::Number(to)), Some(entry)) = (&from, &to, prop(node, "to"))
            && to < from
        {
            self.mistakes.error(entry_span(entry), "`to` is before `from`").help("swap them");
        }
        let speed = self.number_or_default(node, "speed", SPEED, 1.0);
        Some(Feed::Trace { file, from, to, speed, times })
    }

    /// Reports options of a trace in a batch of something else.
    pub(super) fn reject_trace_options(&mut self, node: &KdlNode) {
        for extra in ["from", "to", "speed"].iter().filter_map(|name| prop(node, name)) {
            let title = "only a batch with a trace is replayed";
            self.mistakes.error(entry_span(extra), title).help("add trace=\"requests.csv\", or remove it");
        }
    }
}
