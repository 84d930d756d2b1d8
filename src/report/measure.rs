//! The figures that expectations are about, each measured from the model, with its evidence in words.

mod current_settings;
mod gave_up;
mod lifecycle;
mod lock_use;
mod rate;
mod results;
mod spread;
mod time;

use crate::model::{Lane, Lock, Model, Pool, Queue, StateTimes};
use crate::scenario::{Metric, MetricSubject, Scenario};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State};

pub(super) use current_settings::too_early_reason;
pub(super) use spread::{Spread, ValueRange, figure_spread, half_width};

use crate::trace::format::{format_count, format_counted, format_number, format_percent, format_signed};

/// A measured figure and its evidence in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MeasuredFigure {
    pub(super) value: f64,
    pub(super) evidence: String,
}

/// Measures `metric` for `of` at `now`, or says why it has no value.
pub(super) fn measure_metric(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &MetricSubject,
    now: Stamp,
) -> Result<MeasuredFigure, String> {
    let query = MetricQuery { model, scenario, subject: of, settings_since: model.settings_start(now), now };
    if let Some(why) = query.unmeasurable_reason(metric) {
        return Err(why);
    }
    match metric {
        Metric::Contended => query.contended_share(),
        Metric::Fairness => query.fairness(),
        Metric::Lost if matches!(of, MetricSubject::Pool(_)) => query.task_outcome_count(metric),
        Metric::Value | Metric::Lost | Metric::Copies => query.counter_figure(metric),
        Metric::Retries => query.retries_per_swap(),
        Metric::Cancelled | Metric::Stolen | Metric::Helped | Metric::UnreadFailures => {
            query.task_outcome_count(metric)
        }
        Metric::Unread | Metric::MaxUnread => query.unread_results(metric),
        Metric::FirstResult => query.first_result_delay(),
        Metric::Done | Metric::Failed | Metric::Retried | Metric::Rejected => query.task_count(metric),
        Metric::Held => query.held_share(),
        Metric::GaveUp => query.gave_up_share(),
        Metric::Utilization => query.utilization(),
        Metric::Parallel => query.parallelism(),
        Metric::Slowdown => query.slowdown(),
        Metric::Tail => query.tail_ratio(),
        Metric::Depth => query.max_depth(),
        Metric::Taken => query.taken_count(),
        Metric::Woken => query.workers_per_signal(),
        Metric::Startup => query.startup_time(),
        Metric::Lives => Ok(query.life_count()),
        Metric::Lanes => Ok(query.lanes_in_use()),
        Metric::CutOff => Ok(query.cut_off_count()),
        Metric::Processes => Ok(query.distinct_ids("processes", Lane::pid)),
        Metric::Threads => Ok(query.distinct_ids("threads", Lane::tid)),
        Metric::Share(state) => query.state_share(state),
        Metric::Acquired => query.acquired_count(),
        Metric::Rate => query.rate(),
        Metric::Wait(part) => query.wait_time(part),
        Metric::Latency(part) => query.latency(part),
        Metric::Ended => query.group_end_time(),
        Metric::Elapsed => query.run_time(),
    }
}

/// Returns why `metric` says nothing about the settings in force at `now`, if they changed during the run.
pub(super) fn unmeasurable_reason(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &MetricSubject,
    now: Stamp,
) -> Option<String> {
    MetricQuery { model, scenario, subject: of, settings_since: model.settings_start(now), now }
        .unmeasurable_reason(metric)
}

/// Formats a value: shares in percent, durations with their unit, the rest as numbers.
pub(super) fn format_value(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Fairness => format_number(value),
        _ if metric.is_share() => format_percent(value),
        _ if metric.is_time() => Span(value as u64).to_string(),
        _ => format_number(value),
    }
}

/// A query for figures: the subject, and the model to measure.
struct MetricQuery<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    subject: &'a MetricSubject,
    /// Since when the current settings are in force: the start, unless a knob was changed during the run.
    settings_since: Stamp,
    now: Stamp,
}

impl<'a> MetricQuery<'a> {
    fn counter_figure(&self, metric: Metric) -> Result<MeasuredFigure, String> {
        let (name, id) = self.resource()?;
        let counter = self.model.counter(id).ok_or_else(|| format!("{name} is not a counter"))?;
        let value = if metric == Metric::Lost { counter.recent_lost_updates() } else { counter.value() };
        if !counter.has_expected() {
            let is = format!("counter {name}: {}", format_signed(counter.value()));
            return match metric {
                Metric::Lost => Err(format!("{is}; steps set it to values, so its correct value is unknown")),
                _ => Ok(MeasuredFigure { value: counter.value() as f64, evidence: is }),
            };
        }
        let copies = counter.private_copies().count() as u64;
        if metric == Metric::Copies || copies > 0 {
            let is = format_signed(counter.value());
            let evidence =
                format!("counter {name}: {is} in the parent; private copies in processes: {}", format_count(copies));
            let value = if metric == Metric::Copies { copies as f64 } else { value as f64 };
            return Ok(MeasuredFigure { value, evidence });
        }
        if !self.model.is_complete() {
            let is = format_signed(counter.value());
            return match metric {
                Metric::Lost => Err(format!("counter {name}: {is}; events were lost, so some updates are unknown")),
                _ => Ok(MeasuredFigure { value: value as f64, evidence: format!("counter {name}: {is}") }),
            };
        }
        let (is, due, lost) = (
            format_signed(counter.value()),
            format_signed(counter.comparable_expected()),
            format_signed(counter.lost_updates()),
        );
        let evidence = if self.is_whole_run() {
            format!("counter {name}: {is}, expected {due}: {lost} lost")
        } else {
            let since = format_signed(counter.recent_lost_updates());
            format!("counter {name}: {is}, expected {due}: {lost} lost, {since} of them since the change")
        };
        Ok(MeasuredFigure { value: value as f64, evidence })
    }

    fn retries_per_swap(&self) -> Result<MeasuredFigure, String> {
        let (name, id) = self.resource()?;
        let counter = self.model.counter(id).ok_or_else(|| format!("{name} is not a counter"))?;
        let swaps = counter.recent_swaps();
        if swaps.succeeded == 0 {
            return Err(format!("no compare-and-set of {name} succeeded"));
        }
        let (done, failed) = (format_counted(swaps.succeeded, "compare-and-set"), format_count(swaps.failed));
        let value = swaps.failed as f64 / swaps.succeeded as f64;
        Ok(MeasuredFigure { value, evidence: format!("counter {name}: {done} succeeded, {failed} failed") })
    }

    fn task_count(&self, metric: Metric) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent_tasks().counts;
        let value = match metric {
            Metric::Failed => pool.failed,
            Metric::Retried => pool.retried,
            Metric::Rejected => pool.rejected,
            _ => pool.done,
        };
        let evidence = format!(
            "pool {name}: {} done, {} failed, {} retried, {} rejected of {}",
            format_count(pool.done),
            format_count(pool.failed),
            format_count(pool.retried),
            format_count(pool.rejected),
            format_counted(pool.submitted, "task")
        );
        Ok(MeasuredFigure { value: value as f64, evidence })
    }

    fn utilization(&self) -> Result<MeasuredFigure, String> {
        let (name, pool, _) = self.pool()?;
        let value = pool.utilization(self.settings_since, self.now, self.now);
        let evidence = format!("pool {name}: workers were on tasks {} of their time", format_percent(value));
        Ok(MeasuredFigure { value, evidence })
    }

    fn parallelism(&self) -> Result<MeasuredFigure, String> {
        let whole = self.now.span_since(self.settings_since);
        if whole.0 == 0 {
            return Err("no time has passed".to_owned());
        }
        if let MetricSubject::Workers(_) = self.subject {
            return Ok(self.worker_parallelism(whole));
        }
        let (name, pool, _) = self.pool()?;
        // Tasks of former settings take up workers as well.
        let work = if self.is_whole_run() {
            pool.service_times().total_ns()
        } else {
            pool.busy_ns(self.settings_since, self.now, self.now)
        };
        let value = work as f64 / whole.0 as f64;
        let evidence =
            format!("pool {name}: {} of work in {whole}, {} at once on average", Span(work), format_number(value));
        Ok(MeasuredFigure { value, evidence })
    }

    /// Measures how many of some workers were on a CPU at once: 1 if they take turns.
    fn worker_parallelism(&self, whole: Span) -> MeasuredFigure {
        let ran: Vec<u64> = self.lanes().map(|lane| self.time_by_state(lane).get(State::Running)).collect();
        let sum = ran.iter().sum::<u64>();
        let value = sum as f64 / whole.0 as f64;
        let workers = format_counted(ran.len() as u64, "worker");
        let evidence =
            format!("{workers}: {} on a CPU in {whole}, {} at once on average", Span(sum), format_number(value));
        MeasuredFigure { value, evidence }
    }

    fn max_depth(&self) -> Result<MeasuredFigure, String> {
        let (name, id, queue) = self.queue()?;
        if self.model.pipe(id).is_some() && self.is_whole_run() {
            let (max, room) = (format_count(queue.max_depth().into()), format_count(queue.capacity().into()));
            let evidence = format!("pipe {name}: at most {max} bytes, capacity {room}");
            return Ok(MeasuredFigure { value: f64::from(queue.max_depth()), evidence });
        }
        if !self.is_whole_run() {
            return Ok(self.depth_since_change(name, queue));
        }
        let evidence = format!("queue of {name}: at most {} waited, capacity {}", queue.max_depth(), queue.capacity());
        Ok(MeasuredFigure { value: f64::from(queue.max_depth()), evidence })
    }

    fn taken_count(&self) -> Result<MeasuredFigure, String> {
        let (name, id) = self.resource()?;
        let queue = self.model.queue(id).ok_or_else(|| format!("{name} is not a queue"))?;
        if let Some(pipe) = self.model.pipe(id) {
            let evidence = format!(
                "pipe {name}: {} sent, {} received",
                format_counted(pipe.sent(), "message"),
                format_count(pipe.received())
            );
            return Ok(MeasuredFigure { value: pipe.recent_received() as f64, evidence });
        }
        let evidence = format!(
            "queue {name}: {} put, {} taken",
            format_counted(queue.put_count(), "item"),
            format_count(queue.taken_count())
        );
        Ok(MeasuredFigure { value: queue.recent_taken_count() as f64, evidence })
    }

    fn workers_per_signal(&self) -> Result<MeasuredFigure, String> {
        let (name, id) = self.resource()?;
        let signals = self.model.signals(id).ok_or_else(|| format!("{name} has no signals"))?.recent();
        let woke = signals.sent() - signals.wasted();
        let evidence = format!(
            "{name}: {} woke {}; {} woke no worker",
            format_counted(woke, "signal"),
            format_counted(signals.woken_workers(), "worker"),
            format_count(signals.wasted())
        );
        Ok(MeasuredFigure { value: signals.woken_per_signal(), evidence })
    }

    fn state_share(&self, state: State) -> Result<MeasuredFigure, String> {
        let mut shares = StateTimes::default();
        let mut lanes = 0;
        for lane in self.lanes() {
            shares.add(&self.time_by_state(lane));
            lanes += 1;
        }
        let whole = if state.is_alive() { shares.alive_ns() } else { shares.total_ns() };
        if whole == 0 {
            return Err("no such worker ever ran".to_owned());
        }
        let value = shares.share(state);
        let workers = format_counted(lanes, "worker");
        let name = match self.subject {
            MetricSubject::Workers(at) => self.scenario.groups.get(*at).map(|group| &group.name),
            MetricSubject::Pool(at) => self.scenario.pools.get(*at).map(|pool| &pool.name),
            MetricSubject::All | MetricSubject::Resource(_) => None,
        };
        let whose = name.map_or_else(|| format!("{workers} together"), |name| format!("{name} ({workers})"));
        let evidence = format!(
            "{whose}: {} {} of the time ({} of {})",
            state.word(),
            format_percent(value),
            Span(shares.get(state)),
            Span(whole)
        );
        Ok(MeasuredFigure { value, evidence })
    }

    fn lock(&self) -> Result<(&'a str, &'a Lock), String> {
        let (name, id) = self.resource()?;
        self.model.lock(id).map(|lock| (name, lock)).ok_or_else(|| format!("{name} is not a lock"))
    }

    /// Returns the queue of the subject: a queue, a pipe, or the queue of a pool.
    fn queue(&self) -> Result<(&'a str, ResourceId, &'a Queue), String> {
        let (name, id) = if let MetricSubject::Resource(_) = self.subject {
            self.resource()?
        } else {
            let (name, _, at) = self.pool()?;
            (name, self.model.registry().pools[at].queue)
        };
        Ok((name, id, self.model.queue(id).ok_or_else(|| format!("{name} has no queue"))?))
    }

    /// Returns the declared resource, or the first of its array, which has a number in its name.
    fn resource(&self) -> Result<(&'a str, ResourceId), String> {
        let MetricSubject::Resource(at) = self.subject else { return Err("the measure names no resource".to_owned()) };
        let declared = self.scenario.resources.get(*at).map_or("?", |resource| resource.name.as_str());
        let first = format!("{declared}-1");
        let resources = &self.model.registry().resources;
        let found = [declared, &first].into_iter().find_map(|name| resources.iter().position(|r| r.name == name));
        let at = found.ok_or_else(|| format!("there is no {declared} in this run"))?;
        Ok((&resources[at].name, ResourceId::from(at)))
    }

    /// Returns the pool's name, its model, and its position in the registry.
    fn pool(&self) -> Result<(&'a str, &'a Pool, usize), String> {
        let MetricSubject::Pool(at) = self.subject else { return Err("the measure names no pool".to_owned()) };
        let declared = self.scenario.pools.get(*at).map_or("?", |pool| pool.name.as_str());
        let at = self.model.registry().pools.iter().position(|info| info.name == declared);
        let found = at.and_then(|at| Some((at, self.model.pool(PoolId::from(at))?)));
        let (at, pool) = found.ok_or_else(|| format!("there is no pool {declared} in this run"))?;
        Ok((&self.model.registry().pools[at].name, pool, at))
    }

    fn lanes(&self) -> impl Iterator<Item = &'a Lane> {
        let pool = self.pool().ok().map(|(_, _, at)| PoolId::from(at));
        self.model.lanes().filter_map(move |(id, lane)| {
            let info = self.model.registry().worker(id)?;
            let matches = match self.subject {
                MetricSubject::All => true,
                MetricSubject::Workers(at) => {
                    self.scenario.groups.get(*at).is_some_and(|group| group.name == info.group)
                }
                MetricSubject::Pool(_) => info.pool.is_some() && info.pool == pool,
                MetricSubject::Resource(_) => false,
            };
            matches.then_some(lane)
        })
    }
}
