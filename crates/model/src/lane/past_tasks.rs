//! The newest tasks of a worker: when each began and ended, and its number.

use std::collections::VecDeque;

use super::Lane;
use contend_trace::{Span, Stamp};

/// Exact spans for which one task is kept: a task has several spans, and a screen has room for some hundred tasks.
const SPANS_PER_TASK: usize = 16;

/// Most tasks that are kept.
const MAX_TASKS: usize = 128;

/// A task that a worker ran or still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskSpan {
    pub from: Stamp,
    pub to: Stamp,
    /// Its number in the order of the queue, if that is known.
    pub number: Option<u64>,
}

/// The newest tasks that ended, in order of their ends, and the number of the item that was taken last.
#[derive(Debug, Clone, Default)]
pub(crate) struct PastTasks {
    tasks: VecDeque<TaskSpan>,
    taken: Option<u64>,
}

impl PastTasks {
    /// Records the number of an item that may be a task.
    #[inline]
    pub(crate) fn note_taken(&mut self, nth: u32) {
        self.taken = Some(nth.into());
    }

    /// Returns the number of the item that was taken last, once.
    #[inline]
    pub(crate) fn take_number(&mut self) -> Option<u64> {
        self.taken.take()
    }

    pub(crate) fn add(&mut self, task: TaskSpan, max_exact_spans: usize) {
        let kept = (max_exact_spans / SPANS_PER_TASK).clamp(2, MAX_TASKS);
        while self.tasks.len() >= kept {
            self.tasks.pop_front();
        }
        self.tasks.push_back(task);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.tasks.capacity() * size_of::<TaskSpan>()
    }
}

impl Lane {
    /// Returns the kept tasks that touch `from..to`, in order of their ends. The open ones end at `now`.
    pub fn tasks(&self, from: Stamp, to: Stamp, now: Stamp) -> impl Iterator<Item = TaskSpan> + '_ {
        let past = &self.past_tasks.tasks;
        let past = past.range(past.partition_point(|task| task.to <= from)..).copied();
        let open = self.open_tasks.iter().rev().map(move |task| TaskSpan {
            from: task.began,
            to: now.max(task.began + Span(1)),
            number: task.number.or(task.taken),
        });
        past.chain(open).filter(move |task| task.from < to && task.to > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_tasks_are_kept() {
        let mut tasks = PastTasks::default();
        for n in 0..1_000 {
            let (from, to) = (Stamp(n * 10), Stamp(n * 10 + 9));
            tasks.add(TaskSpan { from, to, number: Some(n) }, 4_096);
        }
        assert_eq!(tasks.tasks.len(), MAX_TASKS);
        assert_eq!(tasks.tasks.back().map(|task| task.number), Some(Some(999)));
        tasks.add(TaskSpan { from: Stamp(0), to: Stamp(1), number: None }, 32);
        assert_eq!(tasks.tasks.len(), 2, "a smaller lane keeps fewer");
    }

    #[test]
    fn number_of_a_taken_item_belongs_to_one_task() {
        let mut tasks = PastTasks::default();
        tasks.note_taken(7);
        assert_eq!((tasks.take_number(), tasks.take_number()), (Some(7), None));
    }
}
