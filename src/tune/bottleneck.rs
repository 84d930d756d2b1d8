//! Upper bounds of the throughput from the utilization of each resource: the utilization law, X = U / D. (Denning &
//! Buzen, "The Operational Analysis of Queueing Network Models", Computing Surveys 10, 1978.)

use super::curve::Level;
use crate::trace::State;

/// Least utilization of a bottleneck.
const SATURATED_UTILIZATION: f64 = 0.85;

/// Least share of the workers' time without work from which the feeder counts as the bottleneck.
const STARVED_SHARE: f64 = 0.25;

/// A resource that can be used up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitingResource {
    Cpu,
    Lock(String),
    /// A semaphore's permits.
    Permits(String),
}

/// The utilization of a resource, and the throughput that would use it up.
#[derive(Debug, Clone, PartialEq)]
pub struct ThroughputLimit {
    pub resource: LimitingResource,
    /// Share in use, 0 to 1.
    pub utilization: f64,
    /// Throughput at full utilization, 1/s.
    pub max_rate: f64,
    /// Time of the resource that a unit of work takes: core, holder or permit time, ns.
    pub service_demand_ns: f64,
}

/// What limits the throughput.
#[derive(Debug, Clone, PartialEq)]
pub enum Bottleneck {
    UsedUp(ThroughputLimit),
    /// Workers wait for work, for this share of their time: their feeder is slower.
    Feeder(f64),
    /// No resource is used up: each worker waits for something of its own, and more workers would do more.
    Waiting {
        state: State,
        share: f64,
    },
    /// No resource is used up, and workers wait little.
    Unknown,
}

/// Returns the limits of all resources at a level, the lowest first. `cores` is the number of usable cores.
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

/// Finds the bottleneck of a level.
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
    let waits = [
        State::Io,
        State::Sleep,
        State::Signal,
        State::Lock,
        State::Full,
        State::Ready,
        State::Handover,
        State::Gil,
        State::OffCore,
    ];
    let most = waits.into_iter().max_by_key(|state| spent.get(*state));
    match most.map(|state| (state, spent.share(state))) {
        Some((state, share)) if share > 0.2 => Bottleneck::Waiting { state, share },
        _ => Bottleneck::Unknown,
    }
}
