//! Liveness reduction: who can ever run again.
//!
//! Whoever waits for nobody is live; whoever waits becomes live as soon as those that are live can give it what it needs.
//! What is left when nothing changes any more is exactly the deadlocked set. (Holt, Some deadlock properties of computer
//! systems, ACM Computing Surveys 4(3), 1972.)

use std::collections::VecDeque;

/// What a worker needs before it can go on, as places in the table of all workers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Needs {
    /// It runs, or goes on by itself, or it is not known to wait.
    Nothing,
    /// Each of these must go on: a mutex and its holder, a join.
    All(Vec<usize>),
    /// So many of these must go on, one for each permit it has: a semaphore and its holders.
    Some(usize, Vec<usize>),
    /// One of these must go on: whoever may put, post or notify.
    Any(Vec<usize>),
}

impl Needs {
    pub(super) fn of(&self) -> &[usize] {
        match self {
            Self::Nothing => &[],
            Self::All(of) | Self::Some(_, of) | Self::Any(of) => of,
        }
    }
}

/// Those that can never go on, in order. Costs by workers and needs.
pub(crate) fn never_live(needs: &[Needs]) -> Vec<usize> {
    let mut wanted_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    let mut missing = vec![0; needs.len()];
    let mut live = VecDeque::new();
    for (who, need) in needs.iter().enumerate() {
        missing[who] = match need {
            Needs::Nothing => 0,
            Needs::All(of) => of.len(),
            Needs::Some(enough, _) => *enough,
            Needs::Any(_) => 1,
        };
        for on in need.of() {
            match wanted_by.get_mut(*on) {
                Some(waiters) => waiters.push(who),
                None => missing[who] = 0, // somebody who is not in the table may well run
            }
        }
        if missing[who] == 0 {
            live.push_back(who);
        }
    }
    let mut is_live = vec![false; needs.len()];
    while let Some(who) = live.pop_front() {
        if std::mem::replace(&mut is_live[who], true) {
            continue;
        }
        for &waiter in &wanted_by[who] {
            missing[waiter] = missing[waiter].saturating_sub(1);
            if missing[waiter] == 0 {
                live.push_back(waiter);
            }
        }
    }
    (0..needs.len()).filter(|who| !is_live[*who]).collect()
}

#[cfg(test)]
mod tests {
    use super::Needs::{All, Any, Nothing, Some};
    use super::*;

    #[test]
    fn a_ring_and_those_who_wait_for_it_can_never_go_on() {
        let needs = [All(vec![1]), All(vec![0]), All(vec![1]), Nothing, All(vec![3])];
        assert_eq!(never_live(&needs), [0, 1, 2]);
    }

    #[test]
    fn one_who_waits_for_itself_is_a_ring_of_one() {
        let needs = [All(vec![0])];
        assert_eq!(never_live(&needs), [0]);
    }

    #[test]
    fn one_of_many_wakers_is_enough() {
        assert_eq!(never_live(&[Any(vec![1, 2]), All(vec![0]), Nothing]), [0; 0]);
        assert_eq!(never_live(&[Any(vec![1, 2]), All(vec![0]), All(vec![0])]), [0, 1, 2]);
        assert_eq!(never_live(&[Any(vec![]), All(vec![0, 2]), Nothing]), [0, 1], "nobody is left who could wake it");
    }

    #[test]
    fn some_of_many_are_enough() {
        let needs = |enough| [Some(enough, vec![1, 2, 3]), Some(1, vec![0]), Nothing, Nothing];
        assert_eq!(never_live(&needs(2)), [0; 0], "two of the three run");
        assert_eq!(never_live(&needs(3)), [0, 1]);
        assert_eq!(never_live(&[Some(2, vec![1, 1, 2]), Nothing, All(vec![0])]), [0; 0], "it has two permits");
    }

    #[test]
    fn all_of_many_must_go_on() {
        let needs = [All(vec![1, 2]), Nothing, All(vec![0])];
        assert_eq!(never_live(&needs), [0, 2]);
    }
}
