//! What machine this is, as far as a run depends on it.

use std::fs;
use std::path::Path;

/// What of the machine a run may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Cores the kernel has online.
    pub cores: usize,
    /// Cores this process may use: affinity and quota taken into account, at least 1.
    pub usable: usize,
    /// CPU quota of the control group in cores, if there is one.
    pub quota: Option<f64>,
    /// Name and version of the operating system's kernel.
    pub os: String,
}

impl Machine {
    /// Cores that may be used at once, on average: affinity and quota taken into account.
    pub fn usable_cores(&self) -> f64 {
        self.quota.map_or(self.usable as f64, |quota| quota.min(self.usable as f64))
    }
}

/// Looks at the machine.
pub fn machine() -> Machine {
    let usable = std::thread::available_parallelism().map_or(1, usize::from);
    let uname = rustix::system::uname();
    Machine {
        cores: online().unwrap_or(usable),
        usable,
        quota: quota(),
        os: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
    }
}

/// Counts a list such as `0-3,8`.
fn online() -> Option<usize> {
    let list = fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    list.trim()
        .split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(last.parse::<usize>().ok()?.saturating_sub(first.parse().ok()?) + 1)
        })
        .sum()
}

/// The least quota of our own control group (version 2) and of those that it is in.
fn quota() -> Option<f64> {
    let group = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = group.lines().find_map(|l| l.strip_prefix("0::/"))?;
    quota_below(Path::new("/sys/fs/cgroup"), path)
}

/// In cores. Each group on the way has a file such as `max 100000` or `50000 100000`: microseconds of CPU in a period.
fn quota_below(root: &Path, group: &str) -> Option<f64> {
    let cores = |group: &Path| {
        let text = fs::read_to_string(root.join(group).join("cpu.max")).ok()?;
        let (quota, period) = text.trim().split_once(' ')?;
        Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
    };
    Path::new(group).ancestors().filter_map(cores).filter(|cores| *cores > 0.0).reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_group_on_the_way_counts() {
        let root = tempfile::tempdir().expect("a directory");
        let group = |path: &str, text: &str| {
            fs::create_dir_all(root.path().join(path)).expect("a directory");
            fs::write(root.path().join(path).join("cpu.max"), text).expect("a file");
        };
        group("a/b/c", "max 100000\n");
        assert_eq!(quota_below(root.path(), "a/b/c"), None);
        group("a", "150000 100000\n");
        group("a/b", "300000 100000\n");
        assert_eq!(quota_below(root.path(), "a/b/c"), Some(1.5));
        group("a/b/c", "50000 100000\n");
        assert_eq!(quota_below(root.path(), "a/b/c"), Some(0.5));
        group("a/b/c", "nonsense\n");
        assert_eq!(quota_below(root.path(), "a/b/c"), Some(1.5));
        assert_eq!(quota_below(root.path(), ""), None);
    }

    #[test]
    fn a_quota_is_no_more_than_the_cores_one_may_use() {
        let machine = |usable, quota| Machine { cores: 8, usable, quota, os: String::new() }.usable_cores().to_string();
        assert_eq!([machine(2, None), machine(2, Some(1.5)), machine(2, Some(4.0))], ["2", "1.5", "2"]);
    }
}
