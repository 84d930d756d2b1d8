//! Chooses the levels to measure: the first ones, refinements, and midpoints.

/// Least gap between neighbouring levels, as a share of the larger one: within it the curve is flat, or the difference
/// does not matter.
const MIN_RELATIVE_GAP: f64 = 0.13;

/// Returns the first levels between `low` and `high`: both ends, doublings from `low`, 2, and the number of cores.
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

/// Returns levels to add between the last one that is worse than the best and the first one that is not, where the
/// answer lies. `levels` are sorted. Empty if those two are close enough.
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

/// Returns the first unmeasured level above `worse`, unless `worse` and `good` are close enough to each other.
pub fn first_unmeasured(worse: f64, good: f64, whole: bool) -> Option<f64> {
    let first = refinement_levels(&[worse, good], |level| level < good, whole).first().copied()?;
    Some(if whole { worse + 1.0 } else { first })
}

/// Returns the level halfway between two neighbours of which one works and the other fails. None if they are as close
/// as possible.
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
    fn first_unmeasured_ignores_gaps_that_are_close_enough() {
        assert_eq!(first_unmeasured(8.0, 16.0, true), Some(9.0));
        assert_eq!(first_unmeasured(15.0, 16.0, true), None);
        assert_eq!(first_unmeasured(22.0, 24.0, true), None, "close enough");
        assert_eq!(first_unmeasured(1.0, 2.5, false), Some(1.5));
    }

    #[test]
    fn bisection_ends_at_adjacent_levels() {
        let (mut fails, mut works) = (8.0, 16.0);
        while let Some(middle) = midpoint_level(fails, works, true) {
            if middle < 10.0 { fails = middle } else { works = middle }
        }
        assert_eq!((fails, works), (9.0, 10.0));
        assert_eq!(midpoint_level(1.0, 1.1, false), None);
    }

    #[test]
    fn initial_levels_are_doublings_and_the_cores() {
        assert_eq!(initial_levels((1.0, 32.0), 2, true), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        assert_eq!(initial_levels((1.0, 20.0), 6, true), [1.0, 2.0, 4.0, 6.0, 8.0, 16.0, 20.0]);
        assert_eq!(initial_levels((3.0, 3.0), 2, true), [3.0]);
        assert_eq!(initial_levels((0.0, 6e6), 2, false).len(), 7);
    }

    #[test]
    fn refinement_converges_on_the_knee() {
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
