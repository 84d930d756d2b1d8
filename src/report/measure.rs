//! The figures that expectations speak of, each with where it comes from.

mod lives;
mod present;
mod rate;
mod results;
mod spread;
mod time;

use crate::model::{Lane, Lock, Model, Pool, Queue, Shares};
use crate::scenario::{Metric, Scenario, Subject};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State};

pub(super) use present::too_early;
pub(super) use spread::{Range, Spread, spread};

use super::words::{count, many, percent, plain, signed};

/// A figure and the words that bear it out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    pub(super) value: f64,
    pub(super) evidence: String,
}

/// What `metric` comes to for `of` at `now`, or why it has no value.
pub(super) fn measure(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &Subject,
    now: Stamp,
) -> Result<Measured, String> {
    let who = Who { model, scenario, of, from: model.settings_from(now), now };
    if let Some(why) = who.hindrance(metric) {
        return Err(why);
    }
    match metric {
        Metric::Contended => who.contended(),
        Metric::Fairness => who.fairness(),
        Metric::Lost if matches!(of, Subject::Pool(_)) => who.fates(metric),
        Metric::Value | Metric::Lost | Metric::Copies => who.counter(metric),
        Metric::Cancelled | Metric::Stolen | Metric::Unseen => who.fates(metric),
        Metric::Unread | Metric::HeldBack => who.results(metric),
        Metric::FirstResult => who.first_result(),
        Metric::Done | Metric::Failed | Metric::Retried | Metric::Rejected => who.tasks(metric),
        Metric::Held => who.held(),
        Metric::GaveUp => who.gave_up(),
        Metric::Utilization => who.utilization(),
        Metric::Parallel => who.parallel(),
        Metric::Slowdown => who.slowdown(),
        Metric::Tail => who.tail(),
        Metric::Depth => who.depth(),
        Metric::Taken => who.taken(),
        Metric::Woken => who.woken(),
        Metric::Startup => who.startup(),
        Metric::Lives => Ok(who.lives()),
        Metric::Lanes => Ok(who.in_use()),
        Metric::CutOff => Ok(who.cut_off()),
        Metric::Processes => Ok(who.at_home("processes", Lane::pid)),
        Metric::Threads => Ok(who.at_home("threads", Lane::tid)),
        Metric::Share(state) => who.share(state),
        Metric::Acquired => who.acquired(),
        Metric::Rate => who.rate(),
        Metric::Wait(part) => who.wait(part),
        Metric::Latency(part) => who.latency(part),
        Metric::Ended => who.ended(),
        Metric::Elapsed => who.elapsed(),
    }
}

/// Why `metric` says nothing of the settings in force at `now`, after they were changed in the run.
pub(super) fn hindrance(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &Subject,
    now: Stamp,
) -> Option<String> {
    Who { model, scenario, of, from: model.settings_from(now), now }.hindrance(metric)
}

/// A value as a person writes it: shares in per cent, durations with their unit, the rest as numbers.
pub(super) fn shown(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Fairness => plain(value),
        _ if metric.is_share() => percent(value),
        _ if metric.is_time() => Span(value as u64).to_string(),
        _ => plain(value),
    }
}

/// Whom the figure is about, and where to look.
struct Who<'a> {
    model: &'a Model,
    scenario: &'a Scenario,
    of: &'a Subject,
    /// The settings in force hold since then: the start, unless a knob was turned in the run.
    from: Stamp,
    now: Stamp,
}

impl<'a> Who<'a> {
    fn contended(&self) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        let (contended, acquired) = (lock.recent_contended(), lock.recent_acquired());
        if acquired == 0 {
            return Err(format!("lock {name} was never taken"));
        }
        let value = contended as f64 / acquired as f64;
        let (contended, acquired) = (count(contended), many(acquired, "acquisition"));
        let evidence = format!("lock {name}: {contended} of {acquired} waited ({})", percent(value));
        Ok(Measured { value, evidence })
    }

    fn fairness(&self) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        if !self.model.is_complete() {
            return Err(format!("lock {name}: events were lost, so the acquisitions are not all known"));
        }
        let value = lock.recent_fairness().ok_or_else(|| format!("lock {name} was never taken"))?;
        let got: Vec<u64> = lock.recent_users().iter().map(|user| user.acquired).collect();
        let (least, most) = (got.iter().min().copied().unwrap_or(0), got.iter().max().copied().unwrap_or(0));
        let evidence = format!(
            "lock {name}: fairness {value:.2} over {}, each got it {} to {}",
            many(got.len() as u64, "worker"),
            count(least),
            many(most, "time")
        );
        Ok(Measured { value, evidence })
    }

    fn held(&self) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        let value = lock.held_share(self.from, self.now, self.now);
        Ok(Measured { value, evidence: format!("lock {name}: held {} of the time", percent(value)) })
    }

    fn gave_up(&self) -> Result<Measured, String> {
        let (name, lock) = self.lock()?;
        let gave_up = lock.recent_gave_up();
        let all = gave_up.saturating_add(lock.recent_acquired());
        if all == 0 {
            return Err(format!("nobody tried to take lock {name}"));
        }
        let value = gave_up as f64 / all as f64;
        let (gave_up, all) = (count(gave_up), count(all));
        let evidence = format!("lock {name}: {gave_up} of {all} attempts ended without it ({})", percent(value));
        Ok(Measured { value, evidence })
    }

    fn counter(&self, metric: Metric) -> Result<Measured, String> {
        let (name, id) = self.resource()?;
        let counter = self.model.counter(id).ok_or_else(|| format!("{name} is no counter"))?;
        let value = if metric == Metric::Lost { counter.recent_lost() } else { counter.value() };
        let copies = counter.copies().count() as u64;
        if metric == Metric::Copies || copies > 0 {
            let is = signed(counter.value());
            let evidence = format!("counter {name}: {is} in the parent, {} more in processes", count(copies));
            let value = if metric == Metric::Copies { copies as f64 } else { value as f64 };
            return Ok(Measured { value, evidence });
        }
        if !self.model.is_complete() {
            let is = signed(counter.value());
            return match metric {
                Metric::Lost => {
                    Err(format!("counter {name}: {is}; events were lost, so the updates are not all known"))
                }
                _ => Ok(Measured { value: value as f64, evidence: format!("counter {name}: {is}") }),
            };
        }
        let (is, due, lost) = (signed(counter.value()), signed(counter.should_hold()), signed(counter.lost()));
        let evidence = if self.is_whole_run() {
            format!("counter {name}: {is} where {due} was due, {lost} lost")
        } else {
            let since = signed(counter.recent_lost());
            format!("counter {name}: {is} where {due} was due, {lost} lost, {since} of them since the change")
        };
        Ok(Measured { value: value as f64, evidence })
    }

    fn tasks(&self, metric: Metric) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        let pool = pool.recent().counts;
        let value = match metric {
            Metric::Failed => pool.failed,
            Metric::Retried => pool.retried,
            Metric::Rejected => pool.rejected,
            _ => pool.done,
        };
        let evidence = format!(
            "pool {name}: {} done, {} failed, {} retried, {} rejected of {}",
            count(pool.done),
            count(pool.failed),
            count(pool.retried),
            count(pool.rejected),
            many(pool.submitted, "task")
        );
        Ok(Measured { value: value as f64, evidence })
    }

    fn utilization(&self) -> Result<Measured, String> {
        let (name, pool, _) = self.pool()?;
        let value = pool.utilization(self.from, self.now, self.now);
        let evidence = format!("pool {name}: its workers spent {} of their time on tasks", percent(value));
        Ok(Measured { value, evidence })
    }

    fn parallel(&self) -> Result<Measured, String> {
        let whole = self.now.since(self.from);
        if whole.0 == 0 {
            return Err("no time has passed".to_owned());
        }
        if let Subject::Workers(_) = self.of {
            return Ok(self.overlap(whole));
        }
        let (name, pool, _) = self.pool()?;
        // Tasks of former settings take up workers as well.
        let work =
            if self.is_whole_run() { pool.service().total() } else { pool.busy_ns(self.from, self.now, self.now) };
        let value = work as f64 / whole.0 as f64;
        let evidence = format!("pool {name}: {} of work in {whole}, {} at once on average", Span(work), plain(value));
        Ok(Measured { value, evidence })
    }

    /// How many of some workers were on a CPU at once: 1 when they take turns.
    fn overlap(&self, whole: Span) -> Measured {
        let ran: Vec<u64> = self.lanes().map(|lane| self.spent(lane).get(State::Running)).collect();
        let sum = ran.iter().sum::<u64>();
        let value = sum as f64 / whole.0 as f64;
        let workers = many(ran.len() as u64, "worker");
        let evidence = format!("{workers}: {} on a CPU in {whole}, {} at once on average", Span(sum), plain(value));
        Measured { value, evidence }
    }

    fn depth(&self) -> Result<Measured, String> {
        let (name, id, queue) = self.queue()?;
        if self.model.pipe(id).is_some() && self.is_whole_run() {
            let (max, room) = (count(queue.max().into()), count(queue.capacity().into()));
            let evidence = format!("pipe {name}: {max} bytes at most, room for {room}");
            return Ok(Measured { value: f64::from(queue.max()), evidence });
        }
        if !self.is_whole_run() {
            return Ok(self.depth_since(name, queue));
        }
        let evidence = format!("queue of {name}: {} waited at most, room for {}", queue.max(), queue.capacity());
        Ok(Measured { value: f64::from(queue.max()), evidence })
    }

    fn taken(&self) -> Result<Measured, String> {
        let (name, id) = self.resource()?;
        let queue = self.model.queue(id).ok_or_else(|| format!("{name} is no queue"))?;
        if let Some(pipe) = self.model.pipe(id) {
            let evidence =
                format!("pipe {name}: {} sent, {} received", many(pipe.sent(), "message"), count(pipe.received()));
            return Ok(Measured { value: pipe.recently_received() as f64, evidence });
        }
        let evidence = format!("queue {name}: {} put, {} taken", many(queue.put(), "item"), count(queue.taken()));
        Ok(Measured { value: queue.recently_taken() as f64, evidence })
    }

    fn woken(&self) -> Result<Measured, String> {
        let (name, id) = self.resource()?;
        let signals = self.model.signals(id).ok_or_else(|| format!("{name} gives no signals"))?.recent();
        let woke = signals.given() - signals.in_vain();
        let evidence = format!(
            "{name}: {} that woke {}, {} in vain",
            many(woke, "signal"),
            many(signals.woken(), "worker"),
            count(signals.in_vain())
        );
        Ok(Measured { value: signals.woken_each(), evidence })
    }

    fn share(&self, state: State) -> Result<Measured, String> {
        let mut shares = Shares::default();
        let mut lanes = 0;
        for lane in self.lanes() {
            shares.add(&self.spent(lane));
            lanes += 1;
        }
        let whole = if state.is_alive() { shares.alive() } else { shares.total() };
        if whole == 0 {
            return Err("no worker of it ever ran".to_owned());
        }
        let value = shares.share(state);
        let workers = many(lanes, "worker");
        let name = match self.of {
            Subject::Workers(at) => self.scenario.workers.get(*at).map(|group| &group.name),
            Subject::Pool(at) => self.scenario.pools.get(*at).map(|pool| &pool.name),
            Subject::All | Subject::Resource(_) => None,
        };
        let whose = name.map_or_else(|| format!("{workers} together"), |name| format!("{name} ({workers})"));
        let evidence = format!(
            "{whose}: {} of {} in state {} ({})",
            Span(shares.get(state)),
            Span(whole),
            state.word(),
            percent(value)
        );
        Ok(Measured { value, evidence })
    }

    fn lock(&self) -> Result<(&'a str, &'a Lock), String> {
        let (name, id) = self.resource()?;
        self.model.lock(id).map(|lock| (name, lock)).ok_or_else(|| format!("{name} is no lock"))
    }

    /// What has a depth: a queue, a pipe, or the queue of a pool.
    fn queue(&self) -> Result<(&'a str, ResourceId, &'a Queue), String> {
        let (name, id) = if let Subject::Resource(_) = self.of {
            self.resource()?
        } else {
            let (name, _, at) = self.pool()?;
            (name, self.model.cast().pools[at].queue)
        };
        Ok((name, id, self.model.queue(id).ok_or_else(|| format!("{name} has no queue"))?))
    }

    /// The declared resource, or the first of its array, which carries a number.
    fn resource(&self) -> Result<(&'a str, ResourceId), String> {
        let Subject::Resource(at) = self.of else { return Err("it names no resource".to_owned()) };
        let declared = self.scenario.resources.get(*at).map_or("?", |resource| resource.name.as_str());
        let first = format!("{declared}-1");
        let resources = &self.model.cast().resources;
        let found = [declared, &first].into_iter().find_map(|name| resources.iter().position(|r| r.name == name));
        let at = found.ok_or_else(|| format!("there is no {declared} in this run"))?;
        Ok((&resources[at].name, ResourceId::from(at)))
    }

    /// The pool's name, what is known of it, and its position in the cast.
    fn pool(&self) -> Result<(&'a str, &'a Pool, usize), String> {
        let Subject::Pool(at) = self.of else { return Err("it names no pool".to_owned()) };
        let declared = self.scenario.pools.get(*at).map_or("?", |pool| pool.name.as_str());
        let at = self.model.cast().pools.iter().position(|info| info.name == declared);
        let found = at.and_then(|at| Some((at, self.model.pool(PoolId::from(at))?)));
        let (at, pool) = found.ok_or_else(|| format!("there is no pool {declared} in this run"))?;
        Ok((&self.model.cast().pools[at].name, pool, at))
    }

    fn lanes(&self) -> impl Iterator<Item = &'a Lane> {
        let pool = self.pool().ok().map(|(_, _, at)| PoolId::from(at));
        self.model.lanes().filter_map(move |(id, lane)| {
            let info = self.model.cast().worker(id)?;
            let meant = match self.of {
                Subject::All => true,
                Subject::Workers(at) => self.scenario.workers.get(*at).is_some_and(|group| group.name == info.group),
                Subject::Pool(_) => info.pool.is_some() && info.pool == pool,
                Subject::Resource(_) => false,
            };
            meant.then_some(lane)
        })
    }
}
