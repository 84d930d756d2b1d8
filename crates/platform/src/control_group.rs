//! Limits of the control groups that this process is in, of version 1 and 2.

use std::fs;
use std::path::{Path, PathBuf};

/// The directory of the hierarchies. Each hierarchy of version 1 is a directory named after its controllers.
const HIERARCHIES: &str = "/sys/fs/cgroup";

/// Returns the directories of our groups that may hold files of this controller: for each hierarchy our own group, then
/// its ancestors. Empty where the system does not say.
pub(super) fn group_directories(controller: &str) -> Vec<PathBuf> {
    group_directories_in(
        Path::new(HIERARCHIES),
        &fs::read_to_string("/proc/self/cgroup").unwrap_or_default(),
        controller,
    )
}

/// As [`group_directories`], with a text that has a line for each hierarchy: `4:cpu,cpuacct:/a/b`, and `0::/a/b` for
/// version 2.
pub(super) fn group_directories_in(hierarchies: &Path, memberships: &str, controller: &str) -> Vec<PathBuf> {
    let all = memberships.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let root = match controllers {
            "" => hierarchies.to_owned(),
            list if list.split(',').any(|one| one == controller) => hierarchies.join(list),
            _ => return None,
        };
        let group = root.join(path.trim_start_matches('/'));
        let ancestors: Vec<_> = group.ancestors().take_while(|at| at.starts_with(&root)).map(Path::to_owned).collect();
        Some(ancestors)
    });
    all.flatten().collect()
}

/// Returns the lowest CPU quota of these groups, in cores.
pub(super) fn cpu_quota(directories: &[PathBuf]) -> Option<f64> {
    let quotas = directories.iter().filter_map(|group| quota_v2(group).or_else(|| quota_v1(group)));
    quotas.filter(|cores| *cores > 0.0).reduce(f64::min)
}

/// Reads the quota of version 2, from a file such as `max 100000` or `50000 100000`: microseconds of CPU in a period.
fn quota_v2(group: &Path) -> Option<f64> {
    let text = fs::read_to_string(group.join("cpu.max")).ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

/// Reads the quota of version 1, from two files; -1 means no quota.
fn quota_v1(group: &Path) -> Option<f64> {
    let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<f64>().ok();
    Some(number("cpu.cfs_quota_us")? / number("cpu.cfs_period_us")?)
}

/// The memory limit of a group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MemoryLimit {
    /// In bytes.
    pub(super) limit: u64,
    /// Bytes that can still be allocated.
    pub(super) remaining: u64,
    /// The file that sets the limit.
    pub(super) file: &'static str,
}

/// Returns the limit that leaves the fewest bytes. Inactive file pages do not count as used: the kernel drops them
/// before it kills a process.
pub(super) fn tightest_memory_limit(directories: &[PathBuf]) -> Option<MemoryLimit> {
    let of = |group: &Path, file, used: &str, inactive: &str| {
        let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let inactive = stat.lines().find_map(|line| line.strip_prefix(inactive)?.trim().parse::<u64>().ok());
        let (most, used) = (number(file)?, number(used)?.saturating_sub(inactive.unwrap_or(0)));
        Some(MemoryLimit { limit: most, remaining: most.saturating_sub(used), file })
    };
    let all = directories.iter().filter_map(|group| {
        of(group, "memory.max", "memory.current", "inactive_file ")
            .or_else(|| of(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "))
    });
    all.min_by_key(|memory| memory.remaining)
}

/// Returns whether one of these groups has a CPU weight of its own, as every group with the controller has, except the
/// root group. In version 1, a group that a container shows as the root counts as the root.
pub(super) fn has_cpu_weight(directories: &[PathBuf]) -> bool {
    directories.iter().any(|group| {
        let inner = group.parent().is_some_and(|outer| outer.join("cpu.shares").exists());
        group.join("cpu.max").exists() || (inner && group.join("cpu.shares").exists())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Groups(tempfile::TempDir);

    impl Groups {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a directory"))
        }

        fn set(&self, file: &str, text: &str) {
            let path = self.0.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }

        fn quota(&self, memberships: &str) -> Option<f64> {
            cpu_quota(&group_directories_in(self.0.path(), memberships, "cpu"))
        }

        fn has_weight(&self, memberships: &str) -> bool {
            has_cpu_weight(&group_directories_in(self.0.path(), memberships, "cpu"))
        }
    }

    #[test]
    fn lowest_quota_of_a_group_and_its_ancestors_counts() {
        let groups = Groups::new();
        let memberships = "0::/a/b/c\n";
        groups.set("a/b/c/cpu.max", "max 100000\n");
        assert_eq!(groups.quota(memberships), None);
        groups.set("a/cpu.max", "150000 100000\n");
        groups.set("a/b/cpu.max", "300000 100000\n");
        assert_eq!(groups.quota(memberships), Some(1.5));
        groups.set("a/b/c/cpu.max", "50000 100000\n");
        assert_eq!(groups.quota(memberships), Some(0.5));
        groups.set("a/b/c/cpu.max", "nonsense\n");
        assert_eq!(groups.quota(memberships), Some(1.5));
        assert_eq!((groups.quota("0::/\n"), groups.quota("")), (None, None));
    }

    #[test]
    fn lowest_quota_counts_in_version_1_for_every_mount() {
        for (mount, memberships) in
            [("cpu", "7:memory:/m\n1:cpu:/a/b\n0::/\n"), ("cpu,cpuacct", "1:cpu,cpuacct:/a/b\n")]
        {
            let groups = Groups::new();
            let set = |group: &str, quota: &str| {
                groups.set(&format!("{mount}/{group}/cpu.cfs_quota_us"), quota);
                groups.set(&format!("{mount}/{group}/cpu.cfs_period_us"), "100000\n");
            };
            set("", "-1\n");
            set("a/b", "-1\n");
            assert_eq!(groups.quota(memberships), None);
            set("a", "150000\n");
            assert_eq!(groups.quota(memberships), Some(1.5));
            set("a/b", "25000\n");
            assert_eq!(groups.quota(memberships), Some(0.25));
            set("elsewhere", "1000\n");
            assert_eq!(groups.quota(memberships), Some(0.25));
        }
    }

    #[test]
    fn quota_is_found_in_a_container_that_shows_its_group_as_root() {
        let groups = Groups::new();
        groups.set("cpu/cpu.cfs_quota_us", "200000\n");
        groups.set("cpu/cpu.cfs_period_us", "100000\n");
        assert_eq!(groups.quota("1:cpu:/docker/0123\n"), Some(2.0));
    }

    #[test]
    fn tightest_memory_limit_counts_without_inactive_file_pages() {
        let groups = Groups::new();
        let memory = |memberships| tightest_memory_limit(&group_directories_in(groups.0.path(), memberships, "memory"));
        groups.set("a/b/memory.max", "max\n");
        groups.set("a/b/memory.current", "400\n");
        assert_eq!(memory("0::/a/b\n"), None);
        groups.set("a/memory.max", "1000\n");
        groups.set("a/memory.current", "900\n");
        groups.set("a/memory.stat", "anon 600\ninactive_file 250\n");
        assert_eq!(memory("0::/a/b\n"), Some(MemoryLimit { limit: 1_000, remaining: 350, file: "memory.max" }));
        groups.set("a/b/memory.max", "500\n");
        assert_eq!(memory("0::/a/b\n"), Some(MemoryLimit { limit: 500, remaining: 100, file: "memory.max" }));
        groups.set("memory/c/memory.limit_in_bytes", "700\n");
        groups.set("memory/c/memory.usage_in_bytes", "900\n");
        let full = MemoryLimit { limit: 700, remaining: 0, file: "memory.limit_in_bytes" };
        assert_eq!(memory("4:memory:/c\n0::/\n"), Some(full));
    }

    #[test]
    fn every_group_but_the_root_has_a_cpu_weight_if_the_controller_is_on() {
        let groups = Groups::new();
        groups.set("user/memory.max", "max\n");
        assert!(!groups.has_weight("0::/user\n"));
        groups.set("user/cpu.max", "max 100000\n");
        assert!(groups.has_weight("0::/user\n"));
        assert!(groups.has_weight("0::/user/session\n"), "its parent has one");
        groups.set("cpu/cpu.shares", "1024\n");
        assert!(!groups.has_weight("1:cpu:/\n"));
        groups.set("cpu/a/cpu.shares", "1024\n");
        assert!(groups.has_weight("1:cpu:/a\n"));
    }
}
