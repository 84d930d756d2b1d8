//! What the tests of real runs share: scenarios made in code, and a run with all that was seen of it.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod program;
pub mod pty;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contend::model::{Budget, Model};
use contend::scenario::{
    Choice, Crash, Expr, Feed, Group, Knob, KnobKind, Policy, Pool, Resource, ResourceSpec, Scenario, Schedule, Seat,
    Settings, Step, Test, Unit, Workers,
};
use contend::source::Live;
use contend::trace::{
    Cast, Command, Event, EventKind, LockKind, Memory, Message, Notice, RunEnd, Sample, Stamp, WorkerId, WorkerKind,
};

/// Long enough for the slowest machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_mins(1);

pub fn number(n: f64) -> Expr {
    Expr::Number(n)
}

pub fn scenario(name: &str) -> Scenario {
    Scenario {
        name: name.into(),
        title: name.into(),
        group: Group::Own,
        about: String::new(),
        ask: None,
        watch: vec![],
        tries: vec![],
        knobs: vec![],
        resources: vec![],
        workers: vec![],
        pools: vec![],
        loop_threads: number(1.0),
        expects: vec![],
        test: Test::default(),
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
        spec: ResourceSpec::Counter { initial: 0, packed: false, memory: Choice::Fixed(Memory::Shared) },
    }
}

pub fn workers(name: &str, kind: WorkerKind, count: u32, steps: Vec<Step>) -> Workers {
    let (count, seat) = (number(f64::from(count)), Seat::default());
    Workers { name: name.into(), kind, count, seat, daemon: false, forked: false, steps }
}

pub fn knob(name: &str, default: f64, max: f64) -> Knob {
    let kind = KnobKind::Number { unit: Unit::Count, default, min: 0.0, max };
    Knob { name: name.into(), kind, help: String::new(), live: true }
}

pub fn pool(name: &str, of: WorkerKind, workers: u32) -> Pool {
    Pool {
        name: name.into(),
        of: Choice::Fixed(of),
        workers: number(f64::from(workers)),
        most: workers,
        seat: Seat::default(),
        queue: number(1_000.0),
        policy: Policy::Block,
        feed: Feed::Batch { count: number(1.0) },
        pace: None,
        payload: number(0.0),
        on_crash: Choice::Fixed(Crash::Restart),
        retries: number(1e6),
        schedule: Choice::Fixed(Schedule::Shared),
        results: None,
        timeout: None,
        chunk: number(1.0),
        task: vec![],
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
        exec: true,
    }
}

/// One hold of a lock.
#[derive(Debug)]
pub struct Hold {
    pub grant: u64,
    pub from: Stamp,
    pub until: Stamp,
}

/// A run, and everything that was seen of it so far.
pub struct Seen {
    live: Live,
    model: Model,
    pub events: Vec<Event>,
    pub notices: Vec<Notice>,
    pub counter: Option<i64>,
    pub ready: u64,
    pub end: Option<RunEnd>,
}

impl Seen {
    pub fn start(scenario: &Scenario) -> Self {
        Self::start_image(scenario, PathBuf::from(env!("CARGO_BIN_EXE_contend")))
    }

    /// A run with another program as its runner.
    pub fn start_image(scenario: &Scenario, image: PathBuf) -> Self {
        let live = Live::start_image(scenario, &defaults(scenario), Some(image)).expect("the run starts");
        let model = Model::new(live.cast(), Budget::default());
        Self { live, model, events: vec![], notices: vec![], counter: None, ready: 0, end: None }
    }

    pub fn to_the_end(scenario: &Scenario) -> Self {
        let mut seen = Self::start(scenario);
        seen.until("the end", |s| s.end.is_some());
        seen
    }

    /// Takes what comes until `wanted` holds; panics at the deadline.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !wanted(self) {
            assert!(start.elapsed() < DEADLINE, "never seen: {what}; end {:?}, {:?}", self.end, self.notices);
            match self.live.messages().recv_timeout(Duration::from_millis(100)) {
                Ok(message) => {
                    self.model.apply(&message);
                    self.take(message);
                }
                Err(e) => assert!(e.is_timeout(), "the run ended without: {what}; {:?}, {:?}", self.end, self.notices),
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Many(messages) => messages.into_iter().for_each(|message| self.take(message)),
            Message::Events(events) => self.events.extend(events),
            Message::Notice { notice, .. } => self.notices.push(notice),
            Message::Sample(Sample::Counter { value, .. }) => self.counter = Some(value),
            Message::Sample(Sample::Sched { ready, .. }) => self.ready += ready,
            Message::Slots(_) | Message::Sample(_) | Message::Through(_) => {}
            Message::Ended { how, .. } => self.end = Some(how),
        }
    }

    /// All that was seen, folded.
    pub fn model(&self) -> &Model {
        &self.model
    }

    pub fn command(&self, command: Command) {
        self.live.command(command);
    }

    /// The run itself.
    pub fn live(&self) -> &Live {
        &self.live
    }

    pub fn cast(&self) -> Arc<Cast> {
        self.live.cast()
    }

    pub fn count(&self, wanted: impl Fn(EventKind) -> bool) -> usize {
        self.events.iter().filter(|e| wanted(e.kind)).count()
    }

    pub fn last(&self, worker: WorkerId) -> Option<EventKind> {
        self.events.iter().rev().find(|e| e.worker == worker).map(|e| e.kind)
    }

    pub fn grants(&self) -> Vec<u64> {
        self.events
            .iter()
            .filter_map(|e| if let EventKind::Acquired { grant, .. } = e.kind { Some(grant.0) } else { None })
            .collect()
    }

    /// All holds in the order of their grants; of a run with one lock.
    pub fn holds(&self) -> Vec<Hold> {
        let mut holds: Vec<Hold> = Vec::new();
        for e in &self.events {
            if let EventKind::Acquired { grant, .. } = e.kind {
                let same = |o: &&Event| matches!(o.kind, EventKind::Released { grant: g, .. } if g == grant);
                let until = self.released(grant.0).unwrap_or_else(|| panic!("{:?}", self.events.iter().find(same)));
                holds.push(Hold { grant: grant.0, from: e.at, until });
            }
        }
        holds.sort_by_key(|h| h.grant);
        holds
    }

    fn released(&self, wanted: u64) -> Option<Stamp> {
        self.events.iter().find_map(|e| match e.kind {
            EventKind::Released { grant, .. } if grant.0 == wanted => Some(e.at),
            _ => None,
        })
    }

    pub fn lost(&self) -> u64 {
        self.events.iter().map(|e| if let EventKind::Gap { lost } = e.kind { lost } else { 0 }).sum()
    }

    /// Processes that workers live in; threads share the runner's, so their thread ids stand for them.
    pub fn pids(&self) -> Vec<u32> {
        let started = self.notices.iter().filter_map(|n| match n {
            Notice::Started { tid, .. } => Some(*tid),
            _ => None,
        });
        started.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let health = self.model.health();
        assert!(std::thread::panicking() || health.disagreements == 0, "slots deny what events tell: {health:?}");
    }
}

/// Whether a process or thread exists and is no zombie.
pub fn is_running(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat"))
        .is_ok_and(|s| !s.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

pub fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

/// The state of a process: the letter behind its name.
pub fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// The kernel's short name of a process; empty when it is gone.
pub fn name_of(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

pub fn kill(pid: u32) {
    contend::platform::kill_process(pid);
}

/// Sends a signal by name, as a shell would.
pub fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.is_ok_and(|s| s.success()), "kill -{name} {pid}");
}

/// Living processes with this in their environment.
pub fn marked(mark: &str) -> Vec<u32> {
    let has_mark = |pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|b| *b == 0).any(|entry| entry == mark.as_bytes())
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(has_mark).filter(|pid| is_running(*pid)).collect()
}
