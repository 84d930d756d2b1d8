//! What a run without problems does, in plain words with its figures.

use super::{Tone, Verdict};
use crate::model::StateTimes;
use crate::trace::format::{
    compact_count, compact_counted, compact_duration, compact_percent, compact_rate, format_signed,
};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State};
use crate::tui::figures::{PoolFigures, QueueFigures};
use crate::tui::run_view::RunView;

/// Least change of a queue's depth, as a share of the tasks that end, worth a sentence.
const MIN_GROWTH_SHARE: f64 = 0.05;

/// Longest time to work a backlog off that is worth telling.
const MAX_DRAIN_TIME: Span = Span::from_millis(3_600_000);

/// Most states named in the sentence about all workers.
const MAX_NAMED_STATES: usize = 3;

impl RunView {
    /// Returns what the run does, or did, when nothing is wrong with it.
    pub(super) fn healthy_verdict(&self) -> Verdict {
        let at = self.figures_time();
        if let Some((ended, _)) = self.shown_model().run_end().filter(|(ended, _)| *ended <= at) {
            return self.verdict_on_good_end(ended);
        }
        let busiest = self.figures.pools.iter().max_by(|(_, a), (_, b)| a.throughput.total_cmp(&b.throughput));
        if let Some((id, pool)) = busiest.filter(|(_, pool)| pool.throughput > 0.0) {
            return self.verdict_on_pool(*id, pool);
        }
        let mut sentences = vec![self.workers_sentence()];
        sentences.extend(self.lock_sentence());
        sentences.extend(self.counter_sentence());
        sentences.retain(|sentence| !sentence.is_empty());
        let mut verdict = Verdict::new(Tone::Good, "no problems", sentences.join(" "));
        verdict.subjects = self
            .busiest_lock()
            .map(|(id, _)| self.shown_model().registry().resource_name(id).to_owned())
            .into_iter()
            .collect();
        verdict
    }

    fn verdict_on_good_end(&self, ended: Stamp) -> Verdict {
        let after = compact_duration(ended.span_since(Stamp(0)));
        let mut sentences = vec![format!("The run ended after {after} without a problem.")];
        sentences.extend(
            self.figures
                .pools
                .iter()
                .filter(|(_, pool)| pool.done > 0)
                .map(|(_, pool)| {
                    format!(
                        "{} {} done.",
                        compact_counted(pool.done, "task"),
                        if pool.done == 1 { "was" } else { "were" }
                    )
                })
                .take(1),
        );
        sentences.extend(self.counter_sentence());
        Verdict::new(Tone::Good, "no problems", sentences.join(" "))
    }

    /// Returns whether a pool keeps up with the tasks that arrive.
    fn verdict_on_pool(&self, id: PoolId, pool: &PoolFigures) -> Verdict {
        let info = self.shown_model().registry().pools.get(id.index());
        let queue = info.and_then(|info| self.figures.queue(info.queue));
        let finish = if pool.size == 1 { "finishes" } else { "finish" };
        let does =
            format!("{} {finish} {}", compact_counted(pool.size.into(), "worker"), compact_rate(pool.throughput));
        if let Some(total) = pool.total {
            let sentence = format!("{does}: {} of {} done.", compact_count(pool.done), compact_counted(total, "task"));
            return Verdict::new(Tone::Good, "no problems", sentence);
        }
        let growth = queue.map_or(0.0, |queue| queue.growth_rate);
        let arrive = (pool.throughput + growth).max(0.0);
        let rates = format!("{does}, {} arrive.", compact_rate(arrive));
        match queue.map(|queue| backlog_sentence(queue, pool)) {
            Some(Err(filling)) => Verdict::new(Tone::Neutral, "filling", format!("{rates} {filling}")),
            Some(Ok(sentence)) => Verdict::new(Tone::Good, "keeps up", format!("{rates} {sentence}")),
            None => Verdict::new(Tone::Good, "keeps up", rates),
        }
    }

    /// Returns what the workers do together: `8 workers: 45 % running, 55 % asleep.`
    fn workers_sentence(&self) -> String {
        let mut sum = StateTimes::default();
        let mut count = 0;
        for lane in self.figures.lanes.iter().flatten() {
            sum.add(&lane.shares);
            count += 1;
        }
        let mut shares: Vec<(State, f64)> =
            State::ALL.into_iter().filter(|state| state.is_alive()).map(|state| (state, sum.share(state))).collect();
        shares.retain(|(_, share)| *share >= 0.005);
        shares.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        shares.truncate(MAX_NAMED_STATES);
        if shares.is_empty() {
            return String::new();
        }
        let is_program = self.scenario.is_program();
        let named = shares
            .iter()
            .map(|(state, share)| format!("{} {}", compact_percent(*share), state_phrase(*state, is_program)));
        let named = named.collect::<Vec<_>>().join(", ");
        format!("{}: {named}.", compact_counted(count, "worker"))
    }

    fn busiest_lock(&self) -> Option<(ResourceId, f64)> {
        let held = self.figures.locks.iter().map(|(id, lock)| (*id, lock.held_share));
        held.max_by(|(_, a), (_, b)| a.total_cmp(b)).filter(|(_, share)| *share > 0.0)
    }

    fn lock_sentence(&self) -> Option<String> {
        let (id, held) = self.busiest_lock()?;
        let name = self.shown_model().registry().resource_name(id);
        Some(format!("{name} is held {}.", compact_percent(held)))
    }

    /// Returns what the first counter is, if no update can be lost.
    fn counter_sentence(&self) -> Option<String> {
        let (id, counter) = self.figures.counters.iter().find(|(_, counter)| counter.lost == Some(0))?;
        let name = self.shown_model().registry().resource_name(*id);
        Some(format!("{name} is {}, as expected.", format_signed(counter.value)))
    }
}

/// Says when the backlog will be gone, or how busy the workers are; as an error how fast the queue grows.
fn backlog_sentence(queue: &QueueFigures, pool: &PoolFigures) -> Result<String, String> {
    let growth = queue.growth_rate;
    let least = (pool.throughput * MIN_GROWTH_SHARE).max(1.0);
    if growth > least && queue.depth > pool.size {
        return Err(format!(
            "{} wait, {} more each second.",
            compact_count(queue.depth.into()),
            compact_count(growth.round() as u64)
        ));
    }
    let drained = Span::from_secs(f64::from(queue.depth) / -growth);
    if growth < -least && queue.depth > pool.size && drained < MAX_DRAIN_TIME {
        let backlog = compact_count(queue.depth.into());
        return Ok(format!("The backlog of {backlog} is gone in {}.", compact_duration(drained)));
    }
    Ok(format!("The workers are busy {} of the time.", compact_percent(pool.utilization)))
}

/// Returns what a worker does in a state. Seen from outside, a program's wait for a lock
/// looks as one for a signal.
const fn state_phrase(state: State, is_program: bool) -> &'static str {
    match state {
        State::Running => "running",
        State::Ready => "waiting for a core",
        State::Lock => "waiting for a lock",
        State::Empty => "without work",
        State::Full => "waiting for room",
        State::Signal if is_program => "waiting to be woken",
        State::Signal => "waiting for a signal",
        State::Io => "waiting for a device",
        State::Handover => "handing over",
        State::Sleep => "asleep",
        State::Done => "done",
        State::Crashed => "dead",
        State::Gap => "unknown",
        State::Gil => "waiting for the GIL",
        State::OffCore => "off core",
    }
}
