//! Helpers for tests of real runs: scenarios built in code, and a run that records its messages.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod program;
pub mod pty;
pub mod whole;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contend::model::{Budget, Model};
use contend::scenario::{
    Block, Category, Choice, CrashPolicy, Expr, Feed, Knob, KnobKind, MemoryOrder, OverflowPolicy, Pace, PoolSpec,
    Resource, ResourceSpec, Scenario, Scheduling, Settings, Step, TaskDistribution, TestConfig, Unit, WorkerGroup,
};
use contend::source::{EventSource, LiveRun, RunControl};
use contend::trace::{
    Command, CounterMemory, Event, EventKind, LockKind, Message, Notice, Registry, RunEnd, Sample, Stamp, WorkerId,
    WorkerKind,
};

/// Long enough for the slowest machine; reached only on failure.
const DEADLINE: Duration = Duration::from_mins(1);

/// Says that this machine lacks what a test needs. Prints past the test runner, which keeps what a passed test prints.
pub fn report_skipped(test: &str, needs: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {test} needs {needs}");
}

/// Waits a moment before the next look, and leaves the core to the awaited process.
pub fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}

/// Looks until `wanted` holds; fails with the awaited condition after a deadline that no machine needs.
pub fn poll_until(what: &str, mut wanted: impl FnMut() -> bool) {
    let start = Instant::now();
    while !wanted() {
        assert!(start.elapsed() < DEADLINE, "never happened: {what}");
        pause();
    }
}

pub fn number(n: f64) -> Expr {
    Expr::Number(n)
}

pub fn scenario(name: &str) -> Scenario {
    Scenario {
        name: name.into(),
        title: name.into(),
        category: Category::Own,
        about: String::new(),
        quiz: None,
        watch: vec![],
        suggestions: vec![],
        knobs: vec![],
        resources: vec![],
        groups: vec![],
        pools: vec![],
        loop_threads: number(1.0),
        blocking_threads: None,
        expectations: vec![],
        test: TestConfig::default(),
        optimum: None,
    }
}

pub fn mutex(name: &str, kind: LockKind) -> Resource {
    Resource { name: name.into(), count: number(1.0), spec: ResourceSpec::Mutex { kind: Choice::Fixed(kind) } }
}

pub fn counter(name: &str) -> Resource {
    Resource {
        name: name.into(),
        count: number(1.0),
        spec: ResourceSpec::Counter {
            initial: 0,
            packed: false,
            memory: Choice::Fixed(CounterMemory::Shared),
            order: Choice::Fixed(MemoryOrder::Relaxed),
        },
    }
}

pub fn workers(name: &str, kind: WorkerKind, count: u32, steps: Vec<Step>) -> WorkerGroup {
    let (count, scheduling, steps) = (number(f64::from(count)), Scheduling::default(), steps.into());
    WorkerGroup { name: name.into(), kind, count, scheduling, is_daemon: false, is_fork_copy: false, steps }
}

pub fn knob(name: &str, default: f64, max: f64) -> Knob {
    let kind = KnobKind::Number { unit: Unit::Count, default, min: 0.0, max };
    Knob { name: name.into(), kind, help: String::new(), is_live: true }
}

pub fn pool(name: &str, kind: WorkerKind, workers: u32) -> PoolSpec {
    PoolSpec {
        name: name.into(),
        worker_kind: Choice::Fixed(kind),
        workers: number(f64::from(workers)),
        max_workers: workers,
        scheduling: Scheduling::default(),
        queue_capacity: number(1_000.0),
        overflow: OverflowPolicy::Block,
        feed: Feed::Batch { count: number(1.0) },
        pace: Pace::AsAccepted,
        payload: number(0.0),
        on_crash: Choice::Fixed(CrashPolicy::Restart),
        retries: number(1e6),
        distribution: Choice::Fixed(TaskDistribution::Shared),
        results: None,
        timeout: None,
        chunk: number(1.0),
        task: Block::default(),
    }
}

fn defaults(scenario: &Scenario) -> Settings {
    let number = |k: &Knob| match &k.kind {
        KnobKind::Number { default, .. } => *default,
        KnobKind::Choice { default, .. } => *default as f64,
        KnobKind::Text { .. } => 0.0,
    };
    Settings {
        numbers: scenario.knobs.iter().map(number).collect(),
        texts: vec![None; scenario.knobs.len()],
        executor: None,
        allow_exec: true,
    }
}

/// The time from acquiring to releasing a lock.
#[derive(Debug)]
pub struct LockHold {
    pub grant: u64,
    pub acquired_at: Stamp,
    pub released_at: Stamp,
}

/// A live run with all messages received so far.
pub struct ObservedRun {
    live: LiveRun,
    model: Model,
    pub events: Vec<Event>,
    pub notices: Vec<Notice>,
    pub counter: Option<i64>,
    pub ready_ns: u64,
    pub end: Option<RunEnd>,
}

impl ObservedRun {
    pub fn start(scenario: &Scenario) -> Self {
        Self::start_with_image(scenario, PathBuf::from(env!("CARGO_BIN_EXE_contend")))
    }

    /// Starts a run with another program as its runner.
    pub fn start_with_image(scenario: &Scenario, image: PathBuf) -> Self {
        let live = LiveRun::start_with_image(scenario, &defaults(scenario), Some(image)).expect("the run starts");
        let model = Model::new(Arc::clone(&live.header().registry), Budget::default());
        Self { live, model, events: vec![], notices: vec![], counter: None, ready_ns: 0, end: None }
    }

    pub fn run_to_end(scenario: &Scenario) -> Self {
        let mut seen = Self::start(scenario);
        seen.wait_until("the end", |s| s.end.is_some());
        seen
    }

    /// Receives messages until `wanted` holds; panics at the deadline.
    pub fn wait_until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !wanted(self) {
            assert!(start.elapsed() < DEADLINE, "never seen: {what}; end {:?}, {:?}", self.end, self.notices);
            match self.live.messages().recv_timeout(Duration::from_millis(100)) {
                Ok(message) => {
                    self.model.apply(&message);
                    self.record(message);
                }
                Err(e) => assert!(e.is_timeout(), "the run ended without: {what}; {:?}, {:?}", self.end, self.notices),
            }
        }
    }

    fn record(&mut self, message: Message) {
        match message {
            Message::Batch(messages) => messages.into_iter().for_each(|message| self.record(message)),
            Message::Events(events) => self.events.extend(events),
            Message::Notice { notice, .. } => self.notices.push(notice),
            Message::Sample(Sample::Counter { value, .. }) => self.counter = Some(value),
            Message::Sample(Sample::Sched { ready, .. }) => self.ready_ns += ready,
            Message::WaitSnapshot(_)
            | Message::Sample(_)
            | Message::Watermark(_)
            | Message::Declare(_)
            | Message::Look(_) => {}
            Message::Ended { reason, .. } => self.end = Some(reason),
        }
    }

    /// Returns the model after all messages received.
    pub fn model(&self) -> &Model {
        &self.model
    }

    pub fn send_command(&self, command: Command) {
        self.live.send_command(command);
    }

    /// Returns the run itself.
    pub fn live(&self) -> &LiveRun {
        &self.live
    }

    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.live.header().registry)
    }

    pub fn count(&self, wanted: impl Fn(EventKind) -> bool) -> usize {
        self.events.iter().filter(|e| wanted(e.kind)).count()
    }

    pub fn last_event(&self, worker: WorkerId) -> Option<EventKind> {
        self.events.iter().rev().find(|e| e.worker == worker).map(|e| e.kind)
    }

    pub fn acquired_grants(&self) -> Vec<u64> {
        self.events
            .iter()
            .filter_map(|e| if let EventKind::Acquired { grant, .. } = e.kind { Some(grant.0) } else { None })
            .collect()
    }

    /// Returns all holds, in grant order, of a run with one lock.
    pub fn lock_holds(&self) -> Vec<LockHold> {
        let mut holds: Vec<LockHold> = Vec::new();
        for e in &self.events {
            if let EventKind::Acquired { grant, .. } = e.kind {
                let same = |o: &&Event| matches!(o.kind, EventKind::Released { grant: g, .. } if g == grant);
                let until = self.release_time(grant.0).unwrap_or_else(|| panic!("{:?}", self.events.iter().find(same)));
                holds.push(LockHold { grant: grant.0, acquired_at: e.at, released_at: until });
            }
        }
        holds.sort_by_key(|h| h.grant);
        holds
    }

    fn release_time(&self, wanted: u64) -> Option<Stamp> {
        self.events.iter().find_map(|e| match e.kind {
            EventKind::Released { grant, .. } if grant.0 == wanted => Some(e.at),
            _ => None,
        })
    }

    pub fn lost_events(&self) -> u64 {
        self.events.iter().map(|e| if let EventKind::Gap { lost } = e.kind { lost } else { 0 }).sum()
    }

    /// Returns the thread ids of all workers; for a process worker that is its process id.
    pub fn pids(&self) -> Vec<u32> {
        let started = self.notices.iter().filter_map(|n| match n {
            Notice::Started { tid, .. } => Some(*tid),
            _ => None,
        });
        started.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Drop for ObservedRun {
    fn drop(&mut self) {
        let health = self.model.health();
        assert!(std::thread::panicking() || health.disagreements == 0, "wait slots contradict events: {health:?}");
    }
}

/// Returns whether a process or thread exists and is not a zombie.
pub fn is_running(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat"))
        .is_ok_and(|s| !s.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

pub fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

/// Returns the state letter of a process, such as `T` for stopped.
pub fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// Returns the kernel's short name of a process, empty when the process is gone.
pub fn name_of(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

pub fn kill(pid: u32) {
    contend::platform::kill_process(pid);
}

/// Sends a signal by name, such as `TERM`.
pub fn send_signal(pid: u32, name: &str) {
    let status = std::process::Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.is_ok_and(|s| s.success()), "kill -{name} {pid}");
}

/// Returns the running processes with this entry in their environment.
pub fn pids_with_mark(mark: &str) -> Vec<u32> {
    let has_mark = |pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|b| *b == 0).any(|entry| entry == mark.as_bytes())
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(has_mark).filter(|pid| is_running(*pid)).collect()
}
