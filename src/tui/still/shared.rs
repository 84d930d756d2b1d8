//! Queues, counters, conditions, flags and barriers in virtual time.

use std::collections::VecDeque;

use super::Place;
use super::player::{Player, Taken};
use crate::scenario::{Asked, Question, QueueStep, ResourceSpec, SignalStep, Target};
use crate::trace::State;

/// What is shared and is no lock: each kind uses its part.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    /// A counter's value, the items in a queue, whether a flag is set, how many came to a barrier.
    pub value: i64,
    /// Room in a queue, parties of a barrier.
    pub size: i64,
    pub closed: bool,
    /// Those who wait for an item or a signal, in order, with the lock to take before they go on.
    waiting: VecDeque<(usize, Option<Taken>)>,
    /// Those who wait for room.
    putters: VecDeque<usize>,
}

impl Shared {
    pub(super) fn new(spec: &ResourceSpec, place: &Place<'_>) -> Self {
        let (value, size) = match spec {
            ResourceSpec::Counter { initial, .. } => (*initial, 0.0),
            ResourceSpec::Queue { capacity: size } | ResourceSpec::Barrier { parties: size } => (0, size.eval(place)),
            _ => (0, 0.0),
        };
        Self { value, size: size as i64, ..Self::default() }
    }
}

impl<'a> Player<'a> {
    pub(super) fn holds(&self, question: &Question, place: Place<'a>) -> bool {
        let value = match &question.of {
            Asked::Number(number) => number.eval(&place),
            Asked::Resource(target) => self.shared[self.index(target, place)].value as f64,
        };
        question.compare.holds(value, question.value.eval(&place))
    }

    pub(super) fn queue_step(&mut self, worker: usize, step: &'a QueueStep, now: u64) {
        let place = self.place(worker);
        let at = |player: &Self, target: &Target| player.index(target, place);
        match step {
            QueueStep::Put(target) => {
                let queue = at(self, target);
                self.put(worker, queue, now);
            }
            QueueStep::Take(target) => {
                let queue = at(self, target);
                self.take(worker, queue, now);
            }
            QueueStep::Each { target, body } => {
                let queue = at(self, target);
                if self.shared[queue].value > 0 || !self.shared[queue].closed {
                    self.once_more(worker, body);
                    self.take(worker, queue, now);
                }
            }
            QueueStep::TryPut { target, body, otherwise } => {
                let queue = at(self, target);
                let room = self.shared[queue].value < self.shared[queue].size;
                self.enter(worker, if room { body } else { otherwise }, 0, None);
                if room {
                    self.put(worker, queue, now);
                }
            }
            QueueStep::TryTake { target, body, otherwise } => {
                let queue = at(self, target);
                let some = self.shared[queue].value > 0;
                self.enter(worker, if some { body } else { otherwise }, 0, None);
                if some {
                    self.take(worker, queue, now);
                }
            }
            QueueStep::Close(target) => {
                let queue = at(self, target);
                self.shared[queue].closed = true;
                self.signal(queue, usize::MAX, now);
            }
        }
    }

    pub(super) fn put(&mut self, worker: usize, queue: usize, now: u64) {
        let shared = &mut self.shared[queue];
        if let Some((taker, _)) = shared.waiting.pop_front() {
            self.wake(taker, now);
        } else if shared.value < shared.size {
            shared.value += 1;
        } else {
            shared.putters.push_back(worker);
            self.halt(worker, now, State::Full);
        }
    }

    pub(super) fn take(&mut self, worker: usize, queue: usize, now: u64) {
        let shared = &mut self.shared[queue];
        if let Some(putter) = shared.putters.pop_front() {
            self.wake(putter, now);
        } else if shared.value == 0 {
            shared.waiting.push_back((worker, None));
            self.halt(worker, now, State::Empty);
        } else {
            shared.value -= 1;
        }
    }

    pub(super) fn signal_step(&mut self, worker: usize, step: &'a SignalStep, now: u64) {
        let place = self.place(worker);
        match step {
            SignalStep::Wait { target, .. } => self.wait(worker, target, now),
            SignalStep::Notify(target) => self.signal(self.index(target, place), 1, now),
            SignalStep::NotifyAll(target) => self.signal(self.index(target, place), usize::MAX, now),
            SignalStep::Set(target) => {
                let flag = self.index(target, place);
                self.shared[flag].value = 1;
                self.signal(flag, usize::MAX, now);
            }
            SignalStep::Clear(target) => {
                let flag = self.index(target, place);
                self.shared[flag].value = 0;
            }
            SignalStep::Meet(target) => {
                let barrier = self.index(target, place);
                self.shared[barrier].value += 1;
                if self.shared[barrier].value >= self.shared[barrier].size {
                    self.shared[barrier].value = 0;
                    self.signal(barrier, usize::MAX, now);
                } else {
                    self.shared[barrier].waiting.push_back((worker, None));
                    self.halt(worker, now, State::Signal);
                }
            }
        }
    }

    fn wait(&mut self, worker: usize, target: &Target, now: u64) {
        let place = self.place(worker);
        let at = self.index(target, place);
        let mutex = match self.scenario.resources[target.resource].spec {
            ResourceSpec::Condition { of } => self.lock(&Target { resource: of, at: target.at.clone() }, place, 1),
            _ if self.shared[at].value == 1 => return, // the flag is set
            _ => None,
        };
        self.release(mutex, now);
        self.shared[at].waiting.push_back((worker, mutex));
        self.halt(worker, now, State::Signal);
    }

    /// Lets up to `most` of those who wait go on, as soon as they have their lock.
    pub(super) fn signal(&mut self, at: usize, most: usize, now: u64) {
        for _ in 0..most.min(self.shared[at].waiting.len()) {
            if let Some((worker, mutex)) = self.shared[at].waiting.pop_front() {
                self.wake(worker, now);
                self.acquire(worker, mutex, now);
            }
        }
    }
}
