//! Findings that say the same of several members of one array, or of one group of workers: one finding, about the worst.

use super::{About, Finding, Look};
use contend_trace::ResourceId;

/// So many of the others are named.
const NAMED: usize = 3;

/// Findings that each tell a case of its own, whatever the names are.
const SINGLE: [&str; 5] = ["deadlock", "livelock", "stall", "lost-wakeup", "crashed"];

/// Findings whose detectors put the worst first; of others it is the first that is told.
const RANKED: [&str; 10] = [
    "lock-bound",
    "convoy",
    "herd",
    "unfair",
    "starved",
    "lost-update",
    "queue-bound",
    "queue-overflow-in",
    "straggler",
    "busy-wait",
];

impl<'a> Look<'a> {
    /// The array that a resource belongs to: its name without the number.
    pub(super) fn family(&self, id: ResourceId) -> &'a str {
        base(self.resource(id))
    }

    /// Makes a finding about one resource one about several of its array, of which it is the worst.
    pub(super) fn and_others(&self, finding: Finding, others: &[ResourceId], all: usize) -> Finding {
        let Some(About::Resource(worst)) = finding.about.filter(|_| !others.is_empty()) else { return finding };
        let names = others.iter().map(|id| self.resource(*id)).collect();
        let about = About::Resources { worst, count: others.len() as u32 + 1 };
        extend(finding, about, self.family(worst), names, all)
    }

    /// One finding for each kind and array, in the order of the first of each: that one is the worst.
    pub(super) fn merge(&self, found: Vec<Finding>) -> Vec<Finding> {
        let mut groups: Vec<(Option<&str>, Vec<Finding>)> = Vec::new();
        for finding in found {
            let family = self.subject(&finding).map(base).filter(|_| !SINGLE.contains(&finding.id));
            let same = |(known, group): &&mut (Option<&str>, Vec<Finding>)| {
                family.is_some() && *known == family && group[0].id == finding.id
            };
            match groups.iter_mut().find(same) {
                Some((_, group)) => group.push(finding),
                None => groups.push((family, vec![finding])),
            }
        }
        groups.into_iter().map(|(family, group)| self.merged(family, group)).collect()
    }

    fn merged(&self, family: Option<&str>, mut group: Vec<Finding>) -> Finding {
        let subjects: Vec<&str> = group.iter().filter_map(|finding| self.subject(finding)).collect();
        let mut others: Vec<&str> = subjects.iter().skip(1).copied().filter(|name| *name != subjects[0]).collect();
        others.dedup();
        let count = others.len() as u32 + 1;
        let worst = group.swap_remove(0);
        let about = match worst.about {
            Some(About::Resource(worst)) => About::Resources { worst, count },
            Some(About::Worker(worst)) => About::Workers { worst, count },
            Some(About::Pool(worst)) => About::Pools { worst, count },
            _ => return worst,
        };
        match family.filter(|_| !others.is_empty()) {
            Some(family) => extend(worst, about, family, others, self.size(about, family)),
            None => worst,
        }
    }

    /// The name of what a finding speaks of, unless that is several already.
    fn subject(&self, finding: &Finding) -> Option<&'a str> {
        match finding.about? {
            About::Worker(worker) => Some(self.name(worker)),
            About::Resource(id) => Some(self.resource(id)),
            About::Pool(id) => self.model.cast().pools.get(id.index()).map(|info| info.name.as_str()),
            About::Workers { .. } | About::Resources { .. } | About::Pools { .. } => None,
        }
    }

    /// How many there are of a family.
    fn size(&self, about: About, family: &str) -> usize {
        let cast = self.model.cast();
        let is = |name: &str| base(name) == family;
        match about {
            About::Worker(_) | About::Workers { .. } => cast.workers.iter().filter(|w| is(&w.name)).count(),
            About::Resource(_) | About::Resources { .. } => cast.resources.iter().filter(|r| is(&r.name)).count(),
            About::Pool(_) | About::Pools { .. } => cast.pools.iter().filter(|pool| is(&pool.name)).count(),
        }
    }
}

impl About {
    /// How many workers, resources or pools the finding holds of.
    pub const fn count(self) -> u32 {
        match self {
            Self::Worker(_) | Self::Resource(_) | Self::Pool(_) => 1,
            Self::Workers { count, .. } | Self::Resources { count, .. } | Self::Pools { count, .. } => count,
        }
    }

    /// The one to look at: the only one, or the worst.
    pub const fn worst(self) -> Self {
        match self {
            Self::Workers { worst, .. } => Self::Worker(worst),
            Self::Resources { worst, .. } => Self::Resource(worst),
            Self::Pools { worst, .. } => Self::Pool(worst),
            one => one,
        }
    }
}

/// Findings in the order of how bad they are, by a figure of each.
pub(super) fn worst_first(found: impl Iterator<Item = (f64, Finding)>) -> Vec<Finding> {
    let mut found: Vec<(f64, Finding)> = found.collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// Says that a finding holds of others as well.
fn extend(finding: Finding, about: About, family: &str, others: Vec<&str>, all: usize) -> Finding {
    let count = others.len() + 1;
    let more = others.len().saturating_sub(NAMED);
    let mut names = others.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        names = format!("{names} and {more} more");
    }
    let part = if count >= all { format!("All {count}") } else { format!("{count} of {all}") };
    let which = if RANKED.contains(&finding.id) { "the worst" } else { "the first" };
    Finding {
        sentence: format!("{part} {family}; {which}: {}", finding.sentence),
        evidence: format!("{} The same holds for {names}.", finding.evidence),
        about: Some(about),
        ..finding
    }
}

/// A name without the number of its place in an array.
fn base(name: &str) -> &str {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match base.strip_suffix('-') {
        Some(family) if base.len() < name.len() && !family.is_empty() => family,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_an_array_share_its_name() {
        assert_eq!(["fork-12", "fork", "a-", "-1", "h2", "x-y-3"].map(base), ["fork", "fork", "a-", "-1", "h2", "x-y"]);
    }
}
