//! The report as one JSON object, version 1. `docs/report.md` describes it; fields may be added, never renamed.

mod shape;

use shape::{
    Counter, Cpu, Deadlock, Depth, Document, Events, Expectation, Found, Link, Lock, Machine, Millis, Pool, Queue,
    Worker,
};

use crate::model::{Finding, Times};
use crate::trace::{RunEnd, Span, Stamp, State};

use super::words;
use super::{Report, Verdict};

/// Version of the object's shape.
const SCHEMA: u32 = 1;

/// States whose share of a worker's time is reported.
const SHARES: [State; 9] = [
    State::Running,
    State::Ready,
    State::Lock,
    State::Empty,
    State::Full,
    State::Signal,
    State::Io,
    State::Handover,
    State::Sleep,
];

/// The report as pretty-printed JSON with a newline at the end.
pub fn json(report: &Report<'_>) -> String {
    let mut text = serde_json::to_string_pretty(&Document::of(report))
        .expect("keys are strings, and serde_json writes odd numbers as null");
    text.push('\n');
    text
}

impl From<&Times> for Millis {
    fn from(times: &Times) -> Self {
        let at = |p| Span(times.percentile(p)).ms();
        Self {
            count: times.count(),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            max: Span(times.max()).ms(),
            total: Span(times.total()).ms(),
        }
    }
}

impl<'a> Document<'a> {
    fn of(report: &Report<'a>) -> Self {
        Self {
            schema: SCHEMA,
            contend: env!("CARGO_PKG_VERSION"),
            scenario: &report.scenario.name,
            title: &report.scenario.title,
            params: report.params().collect(),
            machine: Machine {
                cores: report.machine.cores,
                usable: report.machine.usable,
                quota: report.machine.quota,
                os: &report.machine.os,
            },
            elapsed_s: report.at.secs(),
            ended: report.ended.word(),
            error: match report.ended {
                RunEnd::Crashed(how) => Some(how),
                _ => None,
            },
            events: events(report),
            workers: workers(report),
            locks: locks(report),
            queues: queues(report),
            pools: pools(report),
            counters: counters(report),
            cpu: cpu(report),
            deadlocks: deadlocks(report),
            findings: report.findings.iter().map(Found::from).collect(),
            expectations: report.verdicts.iter().map(Expectation::from).collect(),
        }
    }
}

impl<'a> From<&'a Finding> for Found<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: finding.id,
            severity: finding.severity.word(),
            sentence: &finding.sentence,
            evidence: &finding.evidence,
            cure: &finding.cure,
            at_s: finding.at.map(Stamp::secs),
        }
    }
}

impl<'a> From<&'a Verdict> for Expectation<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self { text: &verdict.text, seen: verdict.seen, evidence: &verdict.evidence }
    }
}

fn events(report: &Report<'_>) -> Events {
    let health = report.model.health();
    let secs = report.at.secs();
    Events {
        recorded: health.events,
        lost: health.lost,
        anomalies: health.anomalies,
        per_second: if secs > 0.0 { health.events as f64 / secs } else { 0.0 },
        ns_each: health.ns_each,
    }
}

fn workers<'a>(report: &Report<'a>) -> Vec<Worker<'a>> {
    let worker = |(_, info, lane): (_, &'a crate::trace::WorkerInfo, &'a crate::model::Lane)| {
        let totals = lane.totals(report.at);
        Worker {
            name: &info.name,
            kind: info.kind.word(),
            pid: lane.pid(),
            tid: lane.tid(),
            ended: lane.ended().as_ref().map(words::ending),
            tasks: lane.tasks(),
            lives: lane.lives(),
            share: SHARES.into_iter().map(|state| (state.word(), totals.share(state))).collect(),
        }
    };
    report.workers().map(worker).collect()
}

fn locks<'a>(report: &Report<'a>) -> Vec<Lock<'a>> {
    let lock = |(name, kind, lock): (&'a str, _, &'a crate::model::Lock)| Lock {
        name,
        kind,
        acquired: lock.acquired(),
        contended: lock.contended(),
        orphaned: lock.orphaned(),
        wait_ms: lock.wait().into(),
        held_ms: lock.hold().into(),
        fairness: lock.fairness(),
    };
    report.locks().map(lock).collect()
}

fn queues<'a>(report: &Report<'a>) -> Vec<Queue<'a>> {
    let queue = |(name, id, queue): (&'a str, _, &'a crate::model::Queue)| Queue {
        name,
        capacity: queue.capacity(),
        put: queue.put(),
        taken: queue.taken(),
        depth: Depth { mean: queue.mean(), max: queue.max(), last: queue.depth() },
        wait_ms: report.pools().find(|(info, _)| info.queue == id).map(|(_, pool)| pool.waited().into()),
    };
    report.queues().map(queue).collect()
}

fn pools<'a>(report: &Report<'a>) -> Vec<Pool<'a>> {
    let pool = |(info, pool): (&'a crate::trace::PoolInfo, &'a crate::model::Pool)| Pool {
        name: &info.name,
        of: info.of.word(),
        workers: pool.size(),
        submitted: pool.submitted(),
        done: pool.done(),
        failed: pool.failed(),
        rejected: pool.rejected(),
        retried: pool.retried(),
        throughput_per_s: report.throughput(pool),
        service_ms: pool.service().into(),
        response_ms: pool.response().into(),
        utilization: pool.utilization(Stamp::default(), report.at, report.at),
        handover: report.handover(pool),
    };
    report.pools().map(pool).collect()
}

fn counters<'a>(report: &Report<'a>) -> Vec<Counter<'a>> {
    let counter = |(name, counter): (&'a str, &'a crate::model::Counter)| Counter {
        name,
        value: counter.value(),
        expected: counter.expected(),
        lost: counter.lost(),
    };
    report.counters().map(counter).collect()
}

fn cpu(report: &Report<'_>) -> Cpu {
    let cores = report.model.cores();
    let delay = report.workers().fold(0_u64, |sum, (_, _, lane)| sum.saturating_add(lane.run_queue_delay()));
    Cpu {
        cores: (0..cores.count()).map(|core| cores.mean(core).map(f64::from)).collect(),
        run_queue_delay_ms: Span(delay).ms(),
    }
}

fn deadlocks<'a>(report: &Report<'a>) -> Vec<Deadlock<'a>> {
    let cast = report.model.cast();
    let link = |link: &crate::model::Link| Link {
        worker: cast.worker_name(link.worker),
        holds: cast.resource_name(link.holds),
        wants: cast.resource_name(link.wants),
        since_s: link.since.secs(),
    };
    let deadlock = |found: &crate::model::Deadlock| Deadlock {
        at_s: found.at.secs(),
        ring: found.ring.iter().map(link).collect(),
        victims: found.victims.iter().map(|worker| cast.worker_name(*worker)).collect(),
    };
    report.model.deadlock().map(deadlock).into_iter().collect()
}
