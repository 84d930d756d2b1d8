//! Groups of workers, and pools with their feeds.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::declarations::max_pool_workers;
use super::grammar::POOL;
use super::node::{arg, children, prop, span_of, value_span};
use super::number_rule::{
    CAPACITY, CHUNK, CORE, DECLARED_COUNT, NEEDS, NICE, NumberRule, PAYLOAD, POOL_SIZE, RETRIES, TASKS,
};
use crate::choice::Choice;
use crate::expr::Expr;
use crate::glob::{Glob, GlobError};
use crate::knob::KnobKind;
use crate::program::{
    Block, Feed, OverflowPolicy, Pace, PoolSpec, ResultDelivery, Scheduling, Template, TemplatePiece, TextExpr,
    WorkerGroup,
};
use crate::sanitize::sanitize;
use contend_trace::{KnobId, WorkerKind};

/// Default capacity of a pool's queue, in tasks.
const QUEUE: f64 = 1_000.0;

/// Overflow policies and their words.
pub(super) const POLICIES: [(&str, OverflowPolicy); 3] =
    [("block", OverflowPolicy::Block), ("reject", OverflowPolicy::Reject), ("caller-runs", OverflowPolicy::CallerRuns)];

/// Kinds of pool workers and their words.
pub(super) const KINDS: [(&str, WorkerKind); 4] = [
    ("threads", WorkerKind::Thread),
    ("processes", WorkerKind::Process),
    ("async", WorkerKind::Async),
    ("dask", WorkerKind::Dask),
];

impl Checker {
    pub(super) fn groups(&mut self, nodes: &[&KdlNode]) {
        let before = self.mistakes.count_errors();
        for node in nodes {
            match node.name().value() {
                "thread" => self.workers(node, WorkerKind::Thread),
                "process" => self.workers(node, WorkerKind::Process),
                "async" => self.workers(node, WorkerKind::Async),
                "pool" => self.pool(node),
                _ => {}
            }
        }
        if self.mistakes.count_errors() == before {
            for (pool, node) in super::nodes_named(nodes, &["pool"]).enumerate() {
                self.check_fed(node, pool);
            }
        }
    }

    fn workers(&mut self, node: &KdlNode, kind: WorkerKind) {
        let name = name_of(node);
        let count = self.number_or(node, "count", DECLARED_COUNT, 1.0).map_or(Expr::Number(1.0), |count| count.expr);
        let scheduling = self.scheduling(node);
        let daemon = prop(node, "daemon").and_then(|entry| self.yes_or_no(entry)).unwrap_or(false);
        let by = prop(node, "by").and_then(|entry| self.word(entry, &["exec", "fork"]));
        let forked = by == Some(1);
        let steps = if forked { self.forked_steps(node) } else { self.steps_of(node) };
        self.scenario.groups.push(WorkerGroup {
            name,
            kind,
            count,
            scheduling,
            is_daemon: daemon,
            is_fork_copy: forked,
            steps,
        });
    }

    /// Reads the steps of a forked process, which may have none.
    fn forked_steps(&mut self, node: &KdlNode) -> Block {
        if children(node).is_empty() {
            return Block::default();
        }
        let steps = self.steps_of(node);
        self.check_forked_steps(&steps);
        steps
    }

    /// Reads `nice=19 core=i`.
    fn scheduling(&mut self, node: &KdlNode) -> Scheduling {
        let mut given = |name: &str, want: NumberRule| Some(self.number(prop(node, name)?, want)?.expr);
        Scheduling { nice: given("nice", NICE), core: given("core", CORE) }
    }

    /// Reads the steps in a node's block. If they have no errors, checks how they use locks and results.
    fn steps_of(&mut self, node: &KdlNode) -> Block {
        let before = self.mistakes.count_errors();
        let steps = self.block(node);
        if node.children().is_some() && steps.is_empty() && self.mistakes.count_errors() == before {
            self.mistakes.error(span_of(node), "this block has no steps").help("write steps into the block");
        }
        if self.mistakes.count_errors() == before {
            self.check_lock_flow(&steps);
            self.check_results_exist(node, &steps);
            self.check_helpers(node, &steps);
        }
        steps
    }

    fn pool(&mut self, node: &KdlNode) {
        let of = prop(node, "of").and_then(|entry| self.choice(entry, ("of", "kind of worker"), &KINDS));
        let policy = prop(node, "policy").and_then(|entry| self.word(entry, &POLICIES.map(|(word, _)| word)));
        let policy = POLICIES[policy.unwrap_or(0)].1;
        if prop(node, "workers").is_none() {
            self.mistakes.error(span_of(node), "this pool does not say how many workers it has").help("add workers=4");
        }
        let workers = self.number_or(node, "workers", POOL_SIZE, 1.0);
        let most = workers.as_ref().map_or(1, max_pool_workers);
        let scheduling = self.scheduling(node);
        let queue = self.number_or_default(node, "queue", CAPACITY, QUEUE);
        let payload = self.number_or_default(node, "payload", PAYLOAD, 0.0);
        let retries = self.number_or_default(node, "retries", RETRIES, RETRIES.max);
        let on_crash = self.crash_policy(node);
        let (feed, chunk, task) = self.pool_parts(node);
        let schedule = self.distribution(node, feed.as_ref());
        let batch = children(node).iter().find(|child| child.name().value() == "batch");
        let mut collects = batch.map(|batch| self.result_collection(batch)).unwrap_or_default();
        if matches!(feed, Some(Feed::Clients { .. })) {
            collects.results = Some(Choice::Fixed(ResultDelivery::AsCompleted)); // each client waits for its own
        }
        let pace = match (collects.rate, &feed) {
            (Some(rate), _) => Pace::Rate(rate),
            (None, Some(Feed::Trace { .. })) => Pace::Recorded,
            (None, _) => Pace::AsAccepted,
        };
        self.scenario.pools.push(PoolSpec {
            name: name_of(node),
            worker_kind: of.unwrap_or(Choice::Fixed(WorkerKind::Thread)),
            workers: workers.map_or(Expr::Number(1.0), |workers| workers.expr),
            max_workers: most,
            scheduling,
            queue_capacity: queue,
            overflow: policy,
            feed: feed.unwrap_or(Feed::Batch { count: Expr::Number(1.0) }), // the mistake was reported
            pace,
            payload,
            on_crash,
            retries,
            distribution: schedule,
            results: collects.results,
            timeout: collects.timeout,
            chunk,
            task,
        });
    }

    /// Reads the number in a property, or returns its default if it is missing or wrong.
    pub(super) fn number_or_default(&mut self, node: &KdlNode, name: &str, want: NumberRule, default: f64) -> Expr {
        self.number_or(node, name, want, default).map_or(Expr::Number(default), |formula| formula.expr)
    }

    /// Reads a pool's block: one feed and one task.
    fn pool_parts(&mut self, node: &KdlNode) -> (Option<Feed>, Expr, Block) {
        let mut feeds: Vec<&KdlNode> = Vec::new();
        let mut tasks: Vec<&KdlNode> = Vec::new();
        for child in children(node) {
            match self.node_rule(child, POOL).map(|rule| rule.word) {
                Some("task") => tasks.push(child),
                Some(_) => feeds.push(child),
                None => {}
            }
        }
        let known = children(node).iter().all(|child| POOL.find(child.name().value()).is_some());
        for (what, found, help) in [
            ("task", &tasks, "add task { ... } with the steps of one task"),
            ("feed", &feeds, "add arrive rate=\"200/s\", or batch count=1000"),
        ] {
            match found.as_slice() {
                [] if known && what == "task" => {
                    self.mistakes.error(span_of(node), format!("this pool has no {what}")).help(help);
                }
                [] | [_] => {}
                [first, second, ..] => {
                    let mistake = self.mistakes.error(span_of(second), format!("this pool has a second {what}"));
                    mistake.add_related(span_of(first), "the first is here").help("remove one of them");
                }
            }
        }
        let feed = feeds.first().map_or(Some(Feed::Submitted), |node| self.feed(node));
        let chunk = feeds.first().map_or(Expr::Number(1.0), |node| self.number_or_default(node, "chunk", CHUNK, 1.0));
        self.has_trace = feeds.first().is_some_and(|node| prop(node, "trace").is_some());
        let task = tasks.first().map(|node| self.steps_of(node)).unwrap_or_default();
        self.has_trace = false;
        (feed, chunk, task)
    }

    fn feed(&mut self, node: &KdlNode) -> Option<Feed> {
        match node.name().value() {
            "arrive" => return self.arrivals(node),
            "clients" => return self.clients(node),
            _ => {}
        }
        let of = ["count", "files", "each", "trace"].map(|name| prop(node, name));
        if of[3].is_none() {
            self.reject_trace_options(node);
        }
        match of {
            [None, Some(files), None, None] => {
                let times = self.repetitions(node);
                self.file_tasks(node, files, times)
            }
            [None, None, None, Some(trace)] => {
                self.reject_directories(node);
                let times = self.repetitions(node);
                self.trace_tasks(node, trace, times)
            }
            [Some(count), None, None, None] => {
                self.reject_directories(node);
                let times = self.repetitions(node);
                let count = self.number(count, TASKS)?.expr;
                let count = match times {
                    Expr::Number(1.0) => count,
                    times => Expr::Op(Box::new(count), '*', Box::new(times)),
                };
                let needs = match prop(node, "needs") {
                    Some(needs) => self.number(needs, NEEDS)?.expr,
                    None => Expr::Number(0.0),
                };
                Some(match needs {
                    Expr::Number(0.0) => Feed::Batch { count },
                    needs => Feed::Dependent { count, needs },
                })
            }
            [None, None, Some(each), None] => {
                self.reject_directories(node);
                let times = self.repetitions(node);
                self.word_tasks(each, times)
            }
            [None, None, None, None] => {
                let help = "add count=1000, or files=\"*.jpg\" with dir=$dir, or each=\"one two three\", or \
                            trace=\"requests.csv\"";
                self.mistakes.error(span_of(node), "this batch has no tasks").help(help);
                None
            }
            [Some(extra), ..] | [_, _, Some(extra), _] | [.., Some(extra)] => {
                let title = "a batch has one source of tasks: a count, files, words or a trace";
                self.mistakes.error(super::node::entry_span(extra), title).help("remove it");
                None
            }
        }
    }

    /// Reports directories of a batch that is not one of files.
    fn reject_directories(&mut self, node: &KdlNode) {
        for extra in ["dir", "out"].iter().filter_map(|name| prop(node, name)) {
            let title = "only a batch of files has directories";
            self.mistakes.error(super::node::entry_span(extra), title).help("add files=\"*.jpg\", or remove it");
        }
    }

    /// Reads how many times the whole batch is fed.
    fn repetitions(&mut self, node: &KdlNode) -> Expr {
        let times = prop(node, "times").and_then(|entry| self.number(entry, TASKS));
        times.map_or(Expr::Number(1.0), |times| times.expr)
    }

    /// Reads words with spaces between, or a knob for them.
    fn word_tasks(&mut self, entry: &KdlEntry, times: Expr) -> Option<Feed> {
        let text = self.text(entry)?;
        if let Some(knob) = text.strip_prefix('$') {
            return self.named_text_knob(entry, knob).map(|knob| Feed::Words { words: TextExpr::Knob(knob), times });
        }
        if text.trim().is_empty() {
            self.mistakes.error(value_span(entry), "there are no words").help("such as each=\"one two three\"");
            return None;
        }
        Some(Feed::Words { words: TextExpr::Template(Template(vec![TemplatePiece::Literal(text.to_owned())])), times })
    }

    fn file_tasks(&mut self, node: &KdlNode, files: &KdlEntry, times: Expr) -> Option<Feed> {
        let written = self.text(files)?;
        let read: Result<Vec<Glob>, (&str, GlobError)> =
            written.split_whitespace().map(|word| Glob::parse(word).map_err(|error| (word, error))).collect();
        let patterns = match read {
            Ok(patterns) => patterns,
            Err((word, error)) => {
                let title = format!("`{word}` is not a pattern: {error}");
                self.mistakes.error(value_span(files), title).help("such as files=\"*.jpg **/*.png\" with dir=$dir");
                return None;
            }
        };
        if patterns.is_empty() {
            self.mistakes.error(value_span(files), "no pattern is given").help("such as files=\"*.jpg\"");
            return None;
        }
        let dir = self.text_knob_of(node, "dir");
        let out = match prop(node, "out") {
            Some(_) => Some(self.text_knob_of(node, "out")?),
            None => None,
        };
        Some(Feed::Files { dir: dir?, out, patterns, patterns_text: sanitize(written), times })
    }

    /// Resolves the knob for free text in a property: `dir=$dir`.
    fn text_knob_of(&mut self, node: &KdlNode, name: &'static str) -> Option<KnobId> {
        let Some(entry) = prop(node, name) else {
            let title = format!("a batch of files has no `{name}`");
            let help = format!("add {name}=${name} and a line: knob {name} text=#true help=\"...\"");
            self.mistakes.error(span_of(node), title).help(help);
            return None;
        };
        let text = self.text(entry)?;
        let Some(knob) = text.strip_prefix('$') else {
            let help = format!("write {name}=${name} and a line: knob {name} \"{text}\" text=#true help=\"...\"");
            self.mistakes.error(value_span(entry), "expected a knob").help(help);
            return None;
        };
        self.named_text_knob(entry, knob)
    }

    /// Finds the knob for free text with this name.
    pub(super) fn named_text_knob(&mut self, entry: &KdlEntry, knob: &str) -> Option<KnobId> {
        let id = self.knob_reference(entry, knob, "a knob for free text")?;
        self.use_knob(id, false);
        if !matches!(self.scenario.knobs[id.index()].kind, KnobKind::Text { .. }) {
            let help = format!("declare it like this: knob {knob} text=#true help=\"...\"");
            self.mistakes.error(value_span(entry), format!("the knob `{knob}` is not free text")).help(help);
            return None;
        }
        Some(id)
    }
}

/// Returns the name that a node declares, which was checked before.
fn name_of(node: &KdlNode) -> String {
    arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default().to_owned()
}
