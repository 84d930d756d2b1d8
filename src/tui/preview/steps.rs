//! One step of a worker in virtual time.

use super::simulator::{RWLOCK_CAPACITY, Simulator, THUMBNAIL_TIME};
use crate::scenario::{Branch, EvalContext, LoopStep, Question, Step, Target};
use crate::trace::{Span, State};

/// Rough duration of one addition to a counter.
const ADDITION_TIME: Span = Span(5);

/// Time between two polls of a worker that spins.
const POLL_TIME: Span = Span::from_micros(10);

impl<'a> Simulator<'a> {
    /// Plays a step that begins at `now`.
    pub(super) fn play_step(&mut self, worker: usize, step: &'a Step, now: u64) {
        let place = self.position_of(worker);
        let time = |expr: &crate::scenario::Expr| expr.eval(&place) as u64;
        match step {
            Step::Compute(t) => self.spend(worker, now, State::Running, time(t)),
            Step::Sleep(t) => self.spend(worker, now, State::Sleep, time(t)),
            Step::Io(t) => self.spend(worker, now, State::Io, time(t)),
            Step::Attempt(attempt) => self.attempt(worker, attempt, now),
            Step::Thumbnail { .. } | Step::RealWork(_) => self.spend(worker, now, State::Running, THUMBNAIL_TIME.0),
            Step::Lock { target, body } | Step::ReadLock { target, body, .. } => {
                self.run_locked(worker, target, 1, body, now);
            }
            Step::Acquire { target, permits, body, .. } => self.run_locked(worker, target, time(permits), body, now),
            Step::WriteLock { target, body, .. } => self.run_locked(worker, target, RWLOCK_CAPACITY, body, now),
            Step::TryLock { target, timeout, body, otherwise } => {
                self.try_run_locked(worker, target, (body, otherwise), time(timeout), now);
            }
            Step::BareLock(target) | Step::BareAcquire { target, .. } => {
                self.acquire(worker, self.resolve_lock(target, place, 1), now);
            }
            Step::BareUnlock(target) | Step::BareRelease(target) => {
                self.release(self.resolve_lock(target, place, 1), now);
            }
            Step::Loop(LoopStep::Blocking(body) | LoopStep::ToThread(body)) | Step::Allocate { body, .. } => {
                self.push_frame(worker, body, 0, None);
            }
            Step::Repeat { times, body } => self.push_frame(worker, body, time(times).saturating_sub(1), None),
            Step::Forever(body) => self.push_frame(worker, body, u64::MAX, None),
            Step::When { knob, value, body, otherwise } => {
                let taken = if place.knob_equals(*knob, *value) { body } else { otherwise };
                self.push_frame(worker, taken, 0, None);
            }
            Step::Choose(ways) => self.take_usual_way(worker, ways),
            // As if the first alternative were always the first to be ready.
            Step::Select { branches, .. } => {
                if let Some(first) = branches.first() {
                    self.push_frame(worker, &first.steps, 0, None);
                }
            }
            Step::Fail(_) => self.fail(worker, now),
            Step::Panic(_) | Step::Abort | Step::Exit(_) => self.block_worker(worker, now, State::Crashed),
            Step::Store { target, add: by } | Step::Add { target, by } => self.change_counter(worker, target, *by),
            Step::Assign { target, value } => {
                let at = self.resource_index(target, place);
                self.shared[at].value = value.eval(&place) as i64;
            }
            Step::Spin(questions) => self.spin(worker, questions, now),
            Step::AddMany { target, by, times } => self.add_to_counter(worker, target, *by, time(times), now),
            Step::Queue(step) => self.queue_step(worker, step, now),
            Step::Pipe(step) => self.pipe_step(worker, step, now),
            Step::Signal(step) => self.signal_step(worker, step, now),
            Step::Pool(step) => self.pool_step(worker, step, now),
            Step::Life(step) => self.life_step(worker, step, now),
            Step::If { question, body, otherwise } => {
                let taken = if self.evaluate_question(question, place) { body } else { otherwise };
                self.push_frame(worker, taken, 0, None);
            }
            Step::While { question, body } if self.evaluate_question(question, place) => self.repeat_step(worker, body),
            Step::Load(_) | Step::Mark(_) | Step::While { .. } | Step::Loop(LoopStep::Yield) => {}
        }
    }

    fn change_counter(&mut self, worker: usize, target: &Target, by: i8) {
        let at = self.resource_index(target, self.position_of(worker));
        self.shared[at].value += i64::from(by);
    }

    /// Polls until the answer to one of the questions is yes.
    fn spin(&mut self, worker: usize, questions: &[Question], now: u64) {
        let place = self.position_of(worker);
        if !questions.iter().any(|question| self.evaluate_question(question, place)) {
            self.poll_again(worker, now);
        }
    }

    /// Polls for a while, and plays the step again.
    fn poll_again(&mut self, worker: usize, now: u64) {
        self.repeat_step(worker, &[]);
        self.spend(worker, now, State::Running, POLL_TIME.0);
    }

    /// Takes the way with the largest weight: a preview shows the usual case.
    fn take_usual_way(&mut self, worker: usize, ways: &'a [Branch]) {
        let place = self.position_of(worker);
        let usual = ways.iter().max_by(|a, b| a.weight.eval(&place).total_cmp(&b.weight.eval(&place)));
        if let Some(way) = usual {
            self.push_frame(worker, &way.steps, 0, None);
        }
    }

    fn add_to_counter(&mut self, worker: usize, target: &Target, by: i8, times: u64, now: u64) {
        let at = self.resource_index(target, self.position_of(worker));
        let delta = i64::from(by).saturating_mul(times as i64);
        self.shared[at].value = self.shared[at].value.saturating_add(delta);
        self.spend(worker, now, State::Running, times.saturating_mul(ADDITION_TIME.0));
    }
}
