//! Steps on queues, counters, conditions, flags, barriers and wait groups in virtual time.

use super::WorkerPosition;
use super::simulator::Simulator;
use crate::scenario::{Operand, Question, QueueStep, ResourceSpec, SignalStep, Target};
use crate::trace::State;

impl<'a> Simulator<'a> {
    pub(super) fn evaluate_question(&self, question: &Question, place: WorkerPosition<'a>) -> bool {
        let value = match &question.operand {
            Operand::Number(number) => number.eval(&place),
            Operand::Resource(target) => self.shared[self.resource_index(target, place)].value as f64,
        };
        question.compare.holds(value, question.value.eval(&place))
    }

    pub(super) fn queue_step(&mut self, worker: usize, step: &'a QueueStep, now: u64) {
        let place = self.position_of(worker);
        let at = |simulator: &Self, target: &Target| simulator.resource_index(target, place);
        match step {
            QueueStep::Put { target, .. } => {
                let queue = at(self, target);
                self.put_item(worker, queue, now);
            }
            QueueStep::Take { target, .. } => {
                let queue = at(self, target);
                self.take_item(worker, queue, now);
            }
            QueueStep::ForEach { target, body, .. } => {
                let queue = at(self, target);
                if self.shared[queue].value > 0 || !self.shared[queue].is_closed {
                    self.repeat_step(worker, body);
                    self.take_item(worker, queue, now);
                }
            }
            QueueStep::TryPut { target, body, otherwise, .. } => {
                let queue = at(self, target);
                let room = self.shared[queue].value < self.shared[queue].size;
                self.push_frame(worker, if room { body } else { otherwise }, 0, None);
                if room {
                    self.put_item(worker, queue, now);
                }
            }
            QueueStep::TryTake { target, body, otherwise, .. } => {
                let queue = at(self, target);
                let some = self.shared[queue].value > 0;
                self.push_frame(worker, if some { body } else { otherwise }, 0, None);
                if some {
                    self.take_item(worker, queue, now);
                }
            }
            QueueStep::Close(target) => {
                let queue = at(self, target);
                self.shared[queue].is_closed = true;
                self.wake_waiters(queue, usize::MAX, now);
            }
        }
    }

    pub(super) fn put_item(&mut self, worker: usize, queue: usize, now: u64) {
        let shared = &mut self.shared[queue];
        if let Some((taker, _)) = shared.waiters.pop_front() {
            self.wake(taker, now);
        } else if shared.value < shared.size {
            shared.value += 1;
        } else {
            shared.putters.push_back(worker);
            self.block_worker(worker, now, State::Full);
        }
    }

    pub(super) fn take_item(&mut self, worker: usize, queue: usize, now: u64) {
        let shared = &mut self.shared[queue];
        if let Some(putter) = shared.putters.pop_front() {
            self.wake(putter, now);
        } else if shared.value == 0 {
            shared.waiters.push_back((worker, None));
            self.block_worker(worker, now, State::Empty);
        } else {
            shared.value -= 1;
        }
    }

    pub(super) fn signal_step(&mut self, worker: usize, step: &'a SignalStep, now: u64) {
        let place = self.position_of(worker);
        match step {
            SignalStep::Wait { target, .. } => self.wait_for_signal(worker, target, now),
            SignalStep::Notify(target) => self.wake_waiters(self.resource_index(target, place), 1, now),
            SignalStep::NotifyAll(target) => self.wake_waiters(self.resource_index(target, place), usize::MAX, now),
            SignalStep::Set(target) => {
                let flag = self.resource_index(target, place);
                self.shared[flag].value = 1;
                self.wake_waiters(flag, usize::MAX, now);
            }
            SignalStep::Clear(target) => {
                let flag = self.resource_index(target, place);
                self.shared[flag].value = 0;
            }
            SignalStep::BarrierWait { target, .. } => {
                let barrier = self.resource_index(target, place);
                self.shared[barrier].value += 1;
                if self.shared[barrier].value >= self.shared[barrier].size {
                    self.shared[barrier].value = 0;
                    self.wake_waiters(barrier, usize::MAX, now);
                } else {
                    self.shared[barrier].waiters.push_back((worker, None));
                    self.block_worker(worker, now, State::Signal);
                }
            }
            SignalStep::GroupAdd { target, count } => {
                let group = self.resource_index(target, place);
                self.shared[group].value = self.shared[group].value.saturating_add(count.eval(&place) as i64);
            }
            SignalStep::GroupDone(target) => {
                let group = self.resource_index(target, place);
                match self.shared[group].value {
                    0 => self.fail(worker, now),
                    1 => {
                        self.shared[group].value = 0;
                        self.wake_waiters(group, usize::MAX, now);
                    }
                    _ => self.shared[group].value -= 1,
                }
            }
        }
    }

    fn wait_for_signal(&mut self, worker: usize, target: &Target, now: u64) {
        let place = self.position_of(worker);
        let at = self.resource_index(target, place);
        let mutex = match self.scenario.resources[target.resource].spec {
            ResourceSpec::Condition { mutex: of } => {
                self.resolve_lock(&Target { resource: of, index: target.index.clone() }, place, 1)
            }
            ResourceSpec::WaitGroup | ResourceSpec::Latch { .. } if self.shared[at].value == 0 => return,
            ResourceSpec::Event if self.shared[at].value == 1 => return, // the flag is set
            _ => None,
        };
        self.release(mutex, now);
        self.shared[at].waiters.push_back((worker, mutex));
        self.block_worker(worker, now, State::Signal);
    }

    /// Wakes up to `most` waiters, which then reacquire their lock.
    pub(super) fn wake_waiters(&mut self, at: usize, most: usize, now: u64) {
        for _ in 0..most.min(self.shared[at].waiters.len()) {
            if let Some((worker, mutex)) = self.shared[at].waiters.pop_front() {
                self.wake(worker, now);
                self.acquire(worker, mutex, now);
            }
        }
    }
}
