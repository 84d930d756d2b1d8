//! Merges equal findings about several members of an array, or of a group of workers, into one about the worst.

use super::{Analysis, Detector, Finding, FindingSubject, Merging};
use contend_trace::ResourceId;

/// Most of the other members named in the evidence.
const MAX_NAMED: usize = 3;

impl<'a> Analysis<'a> {
    /// The name of the array that a resource belongs to: its own name without the number.
    pub(super) fn array_name(&self, id: ResourceId) -> &'a str {
        base_name(self.resource_name(id))
    }

    /// Extends a finding about the worst resource of an array to others of the array.
    pub(super) fn extend_to_array(&self, finding: Finding, others: &[ResourceId], all: usize) -> Finding {
        let Some(FindingSubject::Resource(worst)) = finding.subject.filter(|_| !others.is_empty()) else {
            return finding;
        };
        let names = others.iter().map(|id| self.resource_name(*id)).collect();
        let about = FindingSubject::Resources { worst, count: others.len() as u32 + 1 };
        extend_finding(finding, about, self.array_name(worst), names, all)
    }

    /// Keeps one finding for each id and array, in the order of the first of each. The first is the worst.
    pub(super) fn merge_findings(&self, found: Vec<Finding>) -> Vec<Finding> {
        let mut groups: Vec<(Option<&str>, Vec<Finding>)> = Vec::new();
        for finding in found {
            let family = self.subject_name(&finding).map(base_name).filter(|_| merging(finding.id) != Merging::Never);
            let same = |(known, group): &&mut (Option<&str>, Vec<Finding>)| {
                family.is_some() && *known == family && group[0].id == finding.id
            };
            match groups.iter_mut().find(same) {
                Some((_, group)) => group.push(finding),
                None => groups.push((family, vec![finding])),
            }
        }
        groups.into_iter().map(|(family, group)| self.merge_group(family, group)).collect()
    }

    fn merge_group(&self, family: Option<&str>, mut group: Vec<Finding>) -> Finding {
        let subjects: Vec<&str> = group.iter().filter_map(|finding| self.subject_name(finding)).collect();
        let mut others: Vec<&str> = subjects.iter().skip(1).copied().filter(|name| *name != subjects[0]).collect();
        others.dedup();
        let count = others.len() as u32 + 1;
        let worst = group.swap_remove(0);
        let about = match worst.subject {
            Some(FindingSubject::Resource(worst)) => FindingSubject::Resources { worst, count },
            Some(FindingSubject::Worker(worst)) => FindingSubject::Workers { worst, count },
            Some(FindingSubject::Pool(worst)) => FindingSubject::Pools { worst, count },
            _ => return worst,
        };
        match family.filter(|_| !others.is_empty()) {
            Some(family) => extend_finding(worst, about, family, others, self.array_size(about, family)),
            None => worst,
        }
    }

    /// The name of a finding's subject, unless it has several.
    fn subject_name(&self, finding: &Finding) -> Option<&'a str> {
        match finding.subject? {
            FindingSubject::Worker(worker) => Some(self.worker_name(worker)),
            FindingSubject::Resource(id) => Some(self.resource_name(id)),
            FindingSubject::Pool(id) => self.model.registry().pools.get(id.index()).map(|info| info.name.as_str()),
            FindingSubject::Workers { .. } | FindingSubject::Resources { .. } | FindingSubject::Pools { .. } => None,
        }
    }

    /// The number of members of an array or group.
    fn array_size(&self, about: FindingSubject, family: &str) -> usize {
        let registry = self.model.registry();
        let is = |name: &str| base_name(name) == family;
        match about {
            FindingSubject::Worker(_) | FindingSubject::Workers { .. } => {
                registry.workers.iter().filter(|w| is(&w.name)).count()
            }
            FindingSubject::Resource(_) | FindingSubject::Resources { .. } => {
                registry.resources.iter().filter(|r| is(&r.name)).count()
            }
            FindingSubject::Pool(_) | FindingSubject::Pools { .. } => {
                registry.pools.iter().filter(|pool| is(&pool.name)).count()
            }
        }
    }
}

impl FindingSubject {
    /// The number of workers, resources or pools that the finding is about.
    pub const fn count(self) -> u32 {
        match self {
            Self::Worker(_) | Self::Resource(_) | Self::Pool(_) => 1,
            Self::Workers { count, .. } | Self::Resources { count, .. } | Self::Pools { count, .. } => count,
        }
    }

    /// The only member, or the worst.
    pub const fn worst(self) -> Self {
        match self {
            Self::Workers { worst, .. } => Self::Worker(worst),
            Self::Resources { worst, .. } => Self::Resource(worst),
            Self::Pools { worst, .. } => Self::Pool(worst),
            one => one,
        }
    }
}

/// Sorts findings by a figure of each, the highest first.
pub(super) fn sort_worst_first(found: impl Iterator<Item = (f64, Finding)>) -> Vec<Finding> {
    let mut found: Vec<(f64, Finding)> = found.collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// Extends the text of a finding to other members.
fn extend_finding(finding: Finding, about: FindingSubject, family: &str, others: Vec<&str>, all: usize) -> Finding {
    let count = others.len() + 1;
    let more = others.len().saturating_sub(MAX_NAMED);
    let mut names = others.into_iter().take(MAX_NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        names = format!("{names} and {more} more");
    }
    let part = if count >= all { format!("All {count}") } else { format!("{count} of {all}") };
    let which = if merging(finding.id) == Merging::WorstFirst { "worst" } else { "first" };
    Finding {
        sentence: format!("{part} in {family}, {which}: {}", finding.sentence),
        evidence: format!("{} The same holds for {names}.", finding.evidence),
        subject: Some(about),
        ..finding
    }
}

/// How findings with this id merge.
fn merging(id: &str) -> Merging {
    Detector::of(id).map_or(Merging::FirstFound, |detector| detector.merging)
}

/// A name without the number of its member.
fn base_name(name: &str) -> &str {
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
        assert_eq!(
            ["fork-12", "fork", "a-", "-1", "h2", "x-y-3"].map(base_name),
            ["fork", "fork", "a-", "-1", "h2", "x-y"]
        );
    }
}
