//! What a rate cannot exceed, read from how busy each thing is: the utilization law, X = U / D. (Denning & Buzen, "The
//! Operational Analysis of Queueing Network Models", Computing Surveys 10, 1978.)

use super::curve::Level;
use crate::trace::State;

/// From this share on, what is used is the bottleneck.
const SATURATED_UTILIZATION: f64 = 0.85;

/// Part of the workers' time without work from which on it is the feeder that is slow.
const STARVED_SHARE: f64 = 0.25;

/// What can be used up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitingResource {
    Cpu,
    Lock(String),
    /// A semaphore's permits.
    Permits(String),
}

/// How much of a resource is used, and what rate would use it up.
#[derive(Debug, Clone, PartialEq)]
pub struct ThroughputLimit {
    pub resource: LimitingResource,
    /// Part of it in use, 0 to 1.
    pub utilization: f64,
    /// The rate at which all of it would be, 1/s.
    pub max_rate: f64,
    /// Of it, what one unit of work takes: core, holder or permit time, ns.
    pub service_demand_ns: f64,
}

/// What holds the rate where it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Bottleneck {
    UsedUp(ThroughputLimit),
    /// Workers wait for work: what feeds them is slower. Part of their time.
    Feeder(f64),
    /// Nothing is used up: workers wait for something of their own, and more of them would do more.
    Waiting {
        state: State,
        share: f64,
    },
    /// Nothing is used up, and nothing is waited for much.
    Unknown,
}

/// The limits that a level's figures tell of, the lowest first. `cores` are those that may be used.
pub fn throughput_limits(level: &Level, cores: f64) -> Vec<ThroughputLimit> {
    let rate = level.throughput();
    let limit = |resource: LimitingResource, used: f64, room: f64| {
        let per_second = rate / used;
        (used > 1e-6 && rate > 0.0).then(|| ThroughputLimit {
            resource,
            utilization: used.min(1.0),
            max_rate: per_second,
            service_demand_ns: room * 1e9 / per_second,
        })
    };
    let cpu = limit(LimitingResource::Cpu, level.mean(|repetition| repetition.cores_used) / cores, cores);
    let names = level.repetitions.first().map(|first| first.lock_usages.as_slice()).unwrap_or_default();
    let locks = names.iter().enumerate().filter_map(|(at, used)| {
        let held = level.mean(|repetition| repetition.lock_usages.get(at).map_or(0.0, |used| used.held_share));
        let resource = if used.capacity > 1 {
            LimitingResource::Permits(used.name.clone())
        } else {
            LimitingResource::Lock(used.name.clone())
        };
        limit(resource, held, f64::from(used.capacity))
    });
    let mut all: Vec<ThroughputLimit> = cpu.into_iter().chain(locks).collect();
    all.sort_by(|a, b| a.max_rate.total_cmp(&b.max_rate));
    all
}

/// What holds the rate of a level where it is.
pub fn find_bottleneck(level: &Level, cores: f64) -> Bottleneck {
    let limits = throughput_limits(level, cores);
    if let Some(limit) = limits.into_iter().find(|limit| limit.utilization >= SATURATED_UTILIZATION) {
        return Bottleneck::UsedUp(limit);
    }
    let (spent, _) = level.time_by_state();
    let starved = spent.share(State::Empty);
    if starved >= STARVED_SHARE {
        return Bottleneck::Feeder(starved);
    }
    let waits = [State::Io, State::Sleep, State::Signal, State::Lock, State::Full, State::Ready, State::Handover];
    let most = waits.into_iter().max_by_key(|state| spent.get(*state));
    match most.map(|state| (state, spent.share(state))) {
        Some((state, share)) if share > 0.2 => Bottleneck::Waiting { state, share },
        _ => Bottleneck::Unknown,
    }
}
