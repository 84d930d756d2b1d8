//! Tasks that were given to one worker of a pool beforehand, and such as were put back. In the runner, where all who take
//! tasks are.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::queue::Task;

#[derive(Debug, Default)]
pub struct Dealt {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    /// For whoever comes first.
    back: VecDeque<Task>,
    /// By the worker's place in the pool.
    hands: Vec<VecDeque<Task>>,
    /// Whether one may take what is another's.
    steal: bool,
    /// How many are there to take any.
    there: usize,
}

impl Dealt {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more worker takes tasks from now on.
    pub fn come(&self) {
        self.inside().there += 1;
    }

    pub fn go(&self) {
        let mut inside = self.inside();
        inside.there = inside.there.saturating_sub(1);
    }

    /// Whether nobody takes tasks any more.
    pub fn is_deserted(&self) -> bool {
        self.inside().there == 0
    }

    /// Whether tasks are left here that only the worker at this place can take: all others have gone.
    pub fn needs(&self, seat: usize) -> bool {
        self.inside().needs(seat)
    }

    /// Whether one may take what is another's.
    pub fn let_steal(&self, steal: bool) {
        self.inside().steal = steal;
    }

    /// Neighbours go to the same worker; where it does not come out even, the first ones get one more.
    pub fn deal(&self, tasks: &[Task], workers: usize) {
        let (n, workers) = (tasks.len(), workers.max(1));
        let mut inside = self.inside();
        let hands = workers.max(inside.hands.len());
        inside.hands.resize(hands, VecDeque::new());
        let bounds = (0..=workers).map(|worker| (n * worker).div_ceil(workers)).collect::<Vec<_>>();
        for (hand, part) in inside.hands.iter_mut().zip(bounds.windows(2)) {
            hand.extend(&tasks[part[0]..part[1]]);
        }
    }

    pub fn put_back(&self, tasks: &[Task]) {
        let mut inside = self.inside();
        tasks.iter().rev().for_each(|task| inside.back.push_front(*task));
    }

    /// Retires the worker in this seat if it has no tasks left or others can take them. A worker that found no task (`is_idle`)
    /// stays if tasks were put back meanwhile. Returns whether it left.
    pub fn leave(&self, seat: usize, is_idle: bool) -> bool {
        let mut inside = self.inside();
        if inside.needs(seat) || is_idle && !inside.back.is_empty() {
            return false;
        }
        let left = inside.hands.get_mut(seat).map(std::mem::take).unwrap_or_default();
        inside.back.extend(left);
        inside.there = inside.there.saturating_sub(1);
        true
    }

    /// Up to `limit` tasks that were put back, or else that the worker at this place was given.
    pub fn own(&self, seat: usize, limit: usize, tasks: &mut Vec<Task>) {
        let mut inside = self.inside();
        let Inside { back, hands, .. } = &mut *inside;
        let from = if back.is_empty() { hands.get_mut(seat) } else { Some(back) };
        if let Some(from) = from {
            let n = limit.clamp(1, from.len().max(1)).min(from.len());
            tasks.extend(from.drain(..n));
        }
    }

    /// The last task of whoever has most of them left, and who that is.
    pub fn steal(&self, seat: usize, tasks: &mut Vec<Task>) -> Option<usize> {
        let mut inside = self.inside();
        if !inside.steal {
            return None;
        }
        let others = inside.hands.iter_mut().enumerate().filter(|(other, _)| *other != seat);
        let (from, richest) = others.max_by_key(|(other, hand)| (hand.len(), std::cmp::Reverse(*other)))?;
        tasks.push(richest.pop_back()?);
        Some(from)
    }

    pub fn clear(&self) -> Vec<Task> {
        let mut inside = self.inside();
        let hands: Vec<Task> = inside.hands.iter_mut().flat_map(|hand| hand.drain(..)).collect();
        inside.back.drain(..).chain(hands).collect()
    }
}

impl Inside {
    fn needs(&self, seat: usize) -> bool {
        let has_own = self.hands.get(seat).is_some_and(|hand| !hand.is_empty());
        self.there <= 1 && (has_own || !self.back.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(number: u64) -> Task {
        Task { number, due: 0, failed: 0, result: None }
    }

    fn own(dealt: &Dealt, seat: usize, limit: usize) -> Vec<u64> {
        let mut tasks = Vec::new();
        dealt.own(seat, limit, &mut tasks);
        tasks.iter().map(|task| task.number).collect()
    }

    #[test]
    fn each_gets_its_part_of_neighbours() {
        let dealt = Dealt::default();
        dealt.deal(&(0..7).map(task).collect::<Vec<_>>(), 3);
        assert_eq!([own(&dealt, 0, 9), own(&dealt, 1, 9), own(&dealt, 2, 9)], [vec![0, 1, 2], vec![3, 4], vec![5, 6]]);
        assert!(own(&dealt, 1, 9).is_empty());
    }

    #[test]
    fn what_was_put_back_comes_first_and_is_anybodys() {
        let dealt = Dealt::default();
        dealt.deal(&[task(0), task(1)], 2);
        dealt.put_back(&[task(8), task(9)]);
        assert_eq!([own(&dealt, 1, 1), own(&dealt, 1, 1), own(&dealt, 1, 1)], [[8], [9], [1]]);
        (0..2).for_each(|_| dealt.come());
        assert!(dealt.leave(0, false));
        assert_eq!(own(&dealt, 1, 1), [0]);
    }

    #[test]
    fn tasks_are_never_left_to_nobody() {
        let dealt = Dealt::default();
        dealt.deal(&(0..4).map(task).collect::<Vec<_>>(), 2);
        (0..2).for_each(|_| dealt.come());
        assert_eq!(own(&dealt, 1, 9), [2, 3]);
        dealt.put_back(&[task(3)]);
        assert!(!dealt.leave(1, true), "a task was put back");
        assert_eq!(own(&dealt, 1, 9), [3]);
        assert!(dealt.leave(1, true));
        assert!(dealt.needs(0) && !dealt.leave(0, false), "nobody else is there to take its tasks");
        assert_eq!(own(&dealt, 0, 9), [0, 1]);
        assert!(!dealt.needs(0) && dealt.leave(0, false));
    }

    #[test]
    fn a_thief_takes_the_last_of_the_richest() {
        let dealt = Dealt::default();
        dealt.deal(&(0..8).map(task).collect::<Vec<_>>(), 2);
        let mut tasks = Vec::new();
        assert_eq!(dealt.steal(1, &mut tasks), None, "not unless it may");
        dealt.let_steal(true);
        assert_eq!(own(&dealt, 1, 9), [4, 5, 6, 7]);
        assert_eq!(dealt.steal(1, &mut tasks), Some(0));
        assert_eq!(tasks, [task(3)]);
        assert_eq!(own(&dealt, 0, 9), [0, 1, 2]);
        assert_eq!(dealt.steal(1, &mut tasks), None, "nothing is left");
        assert_eq!(dealt.clear(), []);
    }
}
