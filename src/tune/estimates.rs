//! Estimates by formulas from the lowest level alone, for comparison with the measured answer.

use super::bottleneck::{LimitingResource, throughput_limits};
use super::curve::Level;
use crate::trace::State;
use crate::trace::format::format_rate;

/// An estimate of the best number of workers, with its formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub workers: f64,
    pub name: String,
    pub sentence: String,
}

/// Returns estimates from one level, in ascending order: the lowest is the likeliest. `cores` is the number of usable
/// cores.
pub fn estimate_workers(level: &Level, cores: f64) -> Vec<Estimate> {
    let (spent, done) = level.time_by_state();
    let rate = level.throughput();
    if done == 0 || rate <= 0.0 {
        return Vec::new();
    }
    // A worker's time for one unit of work, without waiting for work.
    let each = (spent.alive_ns() - spent.get(State::Empty)) as f64 / done as f64;
    let cpu = spent.get(State::Running) as f64 / done as f64;
    let waits = (each - cpu - spent.get(State::Ready) as f64 / done as f64).max(0.0);
    let mut all: Vec<Estimate> = throughput_limits(level, cores)
        .into_iter()
        .filter(|limit| limit.resource != LimitingResource::Cpu)
        .map(|limit| {
            let name = match &limit.resource {
                LimitingResource::Lock(name) | LimitingResource::Permits(name) => name.clone(),
                LimitingResource::Cpu => String::new(),
            };
            let at = each * limit.max_rate / 1e9;
            let sentence = format!("{name} allows at most {}", format_rate(limit.max_rate));
            Estimate { workers: at.max(1.0), name, sentence }
        })
        .collect();
    if cpu > 0.0 {
        // Goetz et al., Java Concurrency in Practice, 2006, section 8.2, at full utilization.
        let at = cores * (1.0 + waits / cpu);
        let sentence = format!(
            "{cores} cores x (1 + wait / CPU) = {cores} x (1 + {} / {}): valid only if the CPU is the only bottleneck",
            crate::trace::Span(waits as u64),
            crate::trace::Span(cpu as u64)
        );
        all.push(Estimate { workers: at, name: "CPU".to_owned(), sentence });
    }
    all.sort_by(|a, b| a.workers.total_cmp(&b.workers));
    all
}
