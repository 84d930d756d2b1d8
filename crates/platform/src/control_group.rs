//! The control groups that this process is in, of either version.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the hierarchies are, each of version 1 in a directory named after its controllers.
const HIERARCHIES: &str = "/sys/fs/cgroup";

/// Directories of the groups we are in that may hold files of this controller: of each hierarchy our own group first, then
/// those it is in. None where the system does not say.
pub(super) fn directories(controller: &str) -> Vec<PathBuf> {
    directories_in(Path::new(HIERARCHIES), &fs::read_to_string("/proc/self/cgroup").unwrap_or_default(), controller)
}

/// `told` has a line for each hierarchy: `4:cpu,cpuacct:/a/b`, and `0::/a/b` for version 2.
pub(super) fn directories_in(hierarchies: &Path, told: &str, controller: &str) -> Vec<PathBuf> {
    let all = told.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let root = match controllers {
            "" => hierarchies.to_owned(),
            list if list.split(',').any(|one| one == controller) => hierarchies.join(list),
            _ => return None,
        };
        let group = root.join(path.trim_start_matches('/'));
        let way: Vec<_> = group.ancestors().take_while(|at| at.starts_with(&root)).map(Path::to_owned).collect();
        Some(way)
    });
    all.flatten().collect()
}

/// The least CPU quota that these groups set, in cores.
pub(super) fn quota_of(directories: &[PathBuf]) -> Option<f64> {
    let quotas = directories.iter().filter_map(|group| of_version_2(group).or_else(|| of_version_1(group)));
    quotas.filter(|cores| *cores > 0.0).reduce(f64::min)
}

/// A file such as `max 100000` or `50000 100000`: microseconds of CPU in a period.
fn of_version_2(group: &Path) -> Option<f64> {
    let text = fs::read_to_string(group.join("cpu.max")).ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

/// The same in two files; no quota is -1.
fn of_version_1(group: &Path) -> Option<f64> {
    let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<f64>().ok();
    Some(number("cpu.cfs_quota_us")? / number("cpu.cfs_period_us")?)
}

/// A group's limit of memory.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Bytes, and what of them may still be had.
    pub(super) most: u64,
    pub(super) left: u64,
    /// The file that sets it.
    pub(super) file: &'static str,
}

/// The limit of these that leaves least. Of a file in memory that nobody has read for a while, the kernel drops the pages
/// before it kills anybody: they are not counted as used.
pub(super) fn memory_of(directories: &[PathBuf]) -> Option<Memory> {
    let of = |group: &Path, file, used: &str, unread: &str| {
        let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let unread = stat.lines().find_map(|line| line.strip_prefix(unread)?.trim().parse::<u64>().ok());
        let (most, used) = (number(file)?, number(used)?.saturating_sub(unread.unwrap_or(0)));
        Some(Memory { most, left: most.saturating_sub(used), file })
    };
    let all = directories.iter().filter_map(|group| {
        of(group, "memory.max", "memory.current", "inactive_file ")
            .or_else(|| of(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "))
    });
    all.min_by_key(|memory| memory.left)
}

/// Whether one of these groups shares the cores with others by a weight of its own, as all do that have the controller but
/// the first. Of version 1, one that a container shows as the first is taken for it.
pub(super) fn has_weight(directories: &[PathBuf]) -> bool {
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
            fs::create_dir_all(path.parent().expect("it is in a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }

        fn quota(&self, told: &str) -> Option<f64> {
            quota_of(&directories_in(self.0.path(), told, "cpu"))
        }

        fn has_weight(&self, told: &str) -> bool {
            has_weight(&directories_in(self.0.path(), told, "cpu"))
        }
    }

    #[test]
    fn the_narrowest_group_on_the_way_counts() {
        let groups = Groups::new();
        let told = "0::/a/b/c\n";
        groups.set("a/b/c/cpu.max", "max 100000\n");
        assert_eq!(groups.quota(told), None);
        groups.set("a/cpu.max", "150000 100000\n");
        groups.set("a/b/cpu.max", "300000 100000\n");
        assert_eq!(groups.quota(told), Some(1.5));
        groups.set("a/b/c/cpu.max", "50000 100000\n");
        assert_eq!(groups.quota(told), Some(0.5));
        groups.set("a/b/c/cpu.max", "nonsense\n");
        assert_eq!(groups.quota(told), Some(1.5));
        assert_eq!((groups.quota("0::/\n"), groups.quota("")), (None, None));
    }

    #[test]
    fn so_it_does_in_version_1_whatever_the_controller_is_mounted_with() {
        for (mount, told) in [("cpu", "7:memory:/m\n1:cpu:/a/b\n0::/\n"), ("cpu,cpuacct", "1:cpu,cpuacct:/a/b\n")] {
            let groups = Groups::new();
            let set = |group: &str, quota: &str| {
                groups.set(&format!("{mount}/{group}/cpu.cfs_quota_us"), quota);
                groups.set(&format!("{mount}/{group}/cpu.cfs_period_us"), "100000\n");
            };
            set("", "-1\n");
            set("a/b", "-1\n");
            assert_eq!(groups.quota(told), None);
            set("a", "150000\n");
            assert_eq!(groups.quota(told), Some(1.5));
            set("a/b", "25000\n");
            assert_eq!(groups.quota(told), Some(0.25));
            set("elsewhere", "1000\n");
            assert_eq!(groups.quota(told), Some(0.25));
        }
    }

    #[test]
    fn in_a_container_that_sees_its_own_group_as_the_first_the_quota_is_found() {
        let groups = Groups::new();
        groups.set("cpu/cpu.cfs_quota_us", "200000\n");
        groups.set("cpu/cpu.cfs_period_us", "100000\n");
        assert_eq!(groups.quota("1:cpu:/docker/0123\n"), Some(2.0));
    }

    #[test]
    fn the_group_with_the_least_memory_left_counts_without_what_would_be_dropped() {
        let groups = Groups::new();
        let memory = |told| memory_of(&directories_in(groups.0.path(), told, "memory"));
        groups.set("a/b/memory.max", "max\n");
        groups.set("a/b/memory.current", "400\n");
        assert_eq!(memory("0::/a/b\n"), None);
        groups.set("a/memory.max", "1000\n");
        groups.set("a/memory.current", "900\n");
        groups.set("a/memory.stat", "anon 600\ninactive_file 250\n");
        assert_eq!(memory("0::/a/b\n"), Some(Memory { most: 1_000, left: 350, file: "memory.max" }));
        groups.set("a/b/memory.max", "500\n");
        assert_eq!(memory("0::/a/b\n"), Some(Memory { most: 500, left: 100, file: "memory.max" }));
        groups.set("memory/c/memory.limit_in_bytes", "700\n");
        groups.set("memory/c/memory.usage_in_bytes", "900\n");
        let full = Memory { most: 700, left: 0, file: "memory.limit_in_bytes" };
        assert_eq!(memory("4:memory:/c\n0::/\n"), Some(full));
    }

    #[test]
    fn every_group_but_the_first_has_a_weight_if_the_controller_is_on() {
        let groups = Groups::new();
        groups.set("user/memory.max", "max\n");
        assert!(!groups.has_weight("0::/user\n"));
        groups.set("user/cpu.max", "max 100000\n");
        assert!(groups.has_weight("0::/user\n"));
        assert!(groups.has_weight("0::/user/session\n"), "the one it is in has");
        groups.set("cpu/cpu.shares", "1024\n");
        assert!(!groups.has_weight("1:cpu:/\n"));
        groups.set("cpu/a/cpu.shares", "1024\n");
        assert!(groups.has_weight("1:cpu:/a\n"));
    }
}
