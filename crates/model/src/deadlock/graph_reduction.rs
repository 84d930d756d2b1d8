//! Graph reduction: finds the workers that can never run again.
//!
//! A worker that waits for none is live. A waiting worker becomes live once live workers can provide what it needs. The
//! workers left when nothing changes any more are exactly the stuck set. (Holt, Some deadlock properties of computer
//! systems, ACM Computing Surveys 4(3), 1972.)

use std::collections::VecDeque;

/// What a worker needs to continue, as places in the table of all workers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Requirement {
    /// It runs, or continues by itself, or is not known to wait.
    Nothing,
    /// Each of these must continue: the holder of a mutex, a worker that it joins.
    All(Vec<usize>),
    /// This many of these must continue: the holders of a semaphore, one entry per permit.
    AtLeast(usize, Vec<usize>),
    /// One of these must continue: the workers that may put, post or notify.
    Any(Vec<usize>),
}

impl Requirement {
    /// Returns the requirement that any one of `others` fulfils as well.
    pub(crate) fn or_any_of(self, others: &[usize]) -> Self {
        if others.is_empty() {
            return self;
        }
        let (enough, mut from) = match self {
            Self::Nothing => return Self::Nothing,
            Self::All(of) => (of.len(), of),
            Self::AtLeast(enough, of) => (enough, of),
            Self::Any(of) => (1, of),
        };
        // Each of the others counts as much as all that is needed.
        from.extend(others.iter().flat_map(|other| std::iter::repeat_n(*other, enough)));
        Self::AtLeast(enough, from)
    }

    pub(super) fn dependencies(&self) -> &[usize] {
        match self {
            Self::Nothing => &[],
            Self::All(of) | Self::AtLeast(_, of) | Self::Any(of) => of,
        }
    }

    pub(super) fn dependencies_mut(&mut self) -> &mut [usize] {
        match self {
            Self::Nothing => &mut [],
            Self::All(of) | Self::AtLeast(_, of) | Self::Any(of) => of,
        }
    }

    /// Returns how many of its dependencies must continue.
    pub(super) const fn least(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::All(of) => of.len(),
            Self::AtLeast(enough, _) => *enough,
            Self::Any(_) => 1,
        }
    }
}

/// Workers that can never continue, in order. Takes time linear in workers and requirements.
pub(crate) fn permanently_blocked(needs: &[Requirement]) -> Vec<usize> {
    let mut wanted_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    let mut missing = vec![0; needs.len()];
    let mut live = VecDeque::new();
    for (worker, need) in needs.iter().enumerate() {
        missing[worker] = need.least();
        for on in need.dependencies() {
            match wanted_by.get_mut(*on) {
                Some(waiters) => waiters.push(worker),
                None => missing[worker] = 0, // a worker that is not in the table may run
            }
        }
        if missing[worker] == 0 {
            live.push_back(worker);
        }
    }
    let mut is_live = vec![false; needs.len()];
    while let Some(worker) = live.pop_front() {
        if std::mem::replace(&mut is_live[worker], true) {
            continue;
        }
        for &waiter in &wanted_by[worker] {
            missing[waiter] = missing[waiter].saturating_sub(1);
            if missing[waiter] == 0 {
                live.push_back(waiter);
            }
        }
    }
    (0..needs.len()).filter(|worker| !is_live[*worker]).collect()
}

#[cfg(test)]
mod tests {
    use super::Requirement::{All, Any, AtLeast, Nothing};
    use super::*;

    #[test]
    fn cycle_and_its_waiters_are_blocked() {
        let needs = [All(vec![1]), All(vec![0]), All(vec![1]), Nothing, All(vec![3])];
        assert_eq!(permanently_blocked(&needs), [0, 1, 2]);
    }

    #[test]
    fn worker_that_waits_for_itself_is_blocked() {
        let needs = [All(vec![0])];
        assert_eq!(permanently_blocked(&needs), [0]);
    }

    #[test]
    fn any_needs_one_live_worker() {
        assert_eq!(permanently_blocked(&[Any(vec![1, 2]), All(vec![0]), Nothing]), [0; 0]);
        assert_eq!(permanently_blocked(&[Any(vec![1, 2]), All(vec![0]), All(vec![0])]), [0, 1, 2]);
        assert_eq!(
            permanently_blocked(&[Any(vec![]), All(vec![0, 2]), Nothing]),
            [0, 1],
            "no remaining worker can wake it"
        );
    }

    #[test]
    fn at_least_needs_that_many_permits() {
        let needs = |enough| [AtLeast(enough, vec![1, 2, 3]), AtLeast(1, vec![0]), Nothing, Nothing];
        assert_eq!(permanently_blocked(&needs(2)), [0; 0], "two of the three run");
        assert_eq!(permanently_blocked(&needs(3)), [0, 1]);
        assert_eq!(
            permanently_blocked(&[AtLeast(2, vec![1, 1, 2]), Nothing, All(vec![0])]),
            [0; 0],
            "it has two permits"
        );
    }

    #[test]
    fn all_needs_every_worker() {
        let needs = [All(vec![1, 2]), Nothing, All(vec![0])];
        assert_eq!(permanently_blocked(&needs), [0, 2]);
    }
}
