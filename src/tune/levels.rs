//! At which values of a knob to measure.

/// Neighbouring values that differ by less than this part of the larger one are not told apart: the curve is flat between
/// them, or the difference is no matter.
const MIN_RELATIVE_GAP: f64 = 0.13;

/// Values between `low` and `high` to begin with: 1, 2, the cores, then each twice the one before; both ends.
pub fn initial_levels((low, high): (f64, f64), cores: usize, whole: bool) -> Vec<f64> {
    let mut levels = vec![low, high];
    if whole {
        levels.extend([2.0, cores as f64].into_iter().filter(|level| low < *level && *level < high));
    }
    let ratio = if low > 0.0 { 2.0 } else { 1.0 };
    if ratio > 1.0 {
        let mut level = low.max(f64::MIN_POSITIVE);
        while level < high {
            levels.push(level);
            level *= ratio;
        }
    } else {
        levels.extend((1..6).map(|i| low + (high - low) * f64::from(i) / 6.0));
    }
    sort_and_dedup(levels, whole)
}

/// Values to add between the largest that is clearly `worse` than the best and the smallest that is not: where the answer
/// lies. `levels` are sorted. Empty when they are near enough to each other.
pub fn refinement_levels(levels: &[f64], is_worse: impl Fn(f64) -> bool, whole: bool) -> Vec<f64> {
    let Some(good) = levels.iter().position(|level| !is_worse(*level)) else { return Vec::new() };
    let Some(worse) = good.checked_sub(1).map(|at| levels[at]) else { return Vec::new() };
    let good = levels[good];
    let gap = good - worse;
    if (whole && gap <= 1.0) || gap <= good * MIN_RELATIVE_GAP {
        return Vec::new();
    }
    let parts = if gap > good * MIN_RELATIVE_GAP * 2.5 { 3 } else { 2 };
    let new: Vec<f64> = (1..parts).map(|i| worse + gap * f64::from(i) / f64::from(parts)).collect();
    sort_and_dedup(new, whole).into_iter().filter(|level| worse < *level && *level < good).collect()
}

/// The first value above `worse` that was left out, if it and `good` are not near enough to each other.
pub fn first_unmeasured(worse: f64, good: f64, whole: bool) -> Option<f64> {
    let first = refinement_levels(&[worse, good], |level| level < good, whole).first().copied()?;
    Some(if whole { worse + 1.0 } else { first })
}

/// The value halfway between two neighbours of which one works and the other does not. None when they are as near to each
/// other as they can be.
pub fn midpoint_level(low: f64, high: f64, whole: bool) -> Option<f64> {
    let middle = f64::midpoint(low, high);
    if whole {
        return (high - low > 1.0).then(|| middle.floor());
    }
    (high - low > high.abs() * MIN_RELATIVE_GAP).then_some(middle)
}

fn sort_and_dedup(mut levels: Vec<f64>, whole: bool) -> Vec<f64> {
    if whole {
        for level in &mut levels {
            *level = level.round();
        }
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|a, b| (*a - *b).abs() <= b.abs() * 1e-9);
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_from_what_need_not_be_looked_at() {
        assert_eq!(first_unmeasured(8.0, 16.0, true), Some(9.0));
        assert_eq!(first_unmeasured(15.0, 16.0, true), None);
        assert_eq!(first_unmeasured(22.0, 24.0, true), None, "near enough");
        assert_eq!(first_unmeasured(1.0, 2.5, false), Some(1.5));
    }

    #[test]
    fn halving_ends_at_neighbours() {
        let (mut fails, mut works) = (8.0, 16.0);
        while let Some(middle) = midpoint_level(fails, works, true) {
            if middle < 10.0 { fails = middle } else { works = middle }
        }
        assert_eq!((fails, works), (9.0, 10.0));
        assert_eq!(midpoint_level(1.0, 1.1, false), None);
    }

    #[test]
    fn it_begins_with_doubles_and_the_cores() {
        assert_eq!(initial_levels((1.0, 32.0), 2, true), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        assert_eq!(initial_levels((1.0, 20.0), 6, true), [1.0, 2.0, 4.0, 6.0, 8.0, 16.0, 20.0]);
        assert_eq!(initial_levels((3.0, 3.0), 2, true), [3.0]);
        assert_eq!(initial_levels((0.0, 6e6), 2, false).len(), 7);
    }

    #[test]
    fn it_closes_in_on_where_the_curve_turns() {
        for turn in [2.0, 3.0, 10.0, 12.0, 20.0, 31.0] {
            let mut levels = initial_levels((1.0, 32.0), 2, true);
            for _ in 0..8 {
                levels.extend(refinement_levels(&levels, |level| level < turn, true));
                levels = sort_and_dedup(levels, true);
            }
            let found = levels.iter().copied().find(|level| *level >= turn).unwrap();
            assert!(found - turn <= (turn * MIN_RELATIVE_GAP).max(0.0), "{turn}: {found} of {levels:?}");
            assert!(levels.len() <= 14, "{turn}: {levels:?}");
        }
        assert!(refinement_levels(&[1.0, 2.0], |_| true, true).is_empty());
        assert!(refinement_levels(&[1.0, 2.0], |_| false, true).is_empty());
    }
}
