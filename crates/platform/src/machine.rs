//! The cores and the operating system of this machine.

use std::fs;

use serde::{Deserialize, Serialize};

use super::control_group::{cpu_quota, group_directories};

/// The resources of the machine that a run may use.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Cores the kernel has online.
    pub cores: usize,
    /// Cores this process may run on, at least 1.
    pub usable: usize,
    /// CPU quota of the control group in cores, if there is one.
    pub quota: Option<f64>,
    /// Name and version of the operating system's kernel.
    pub os: String,
}

impl Machine {
    /// Returns how many cores a run can use at once, on average, given affinity and quota.
    pub fn usable_cores(&self) -> f64 {
        self.quota.map_or(self.usable as f64, |quota| quota.min(self.usable as f64))
    }
}

/// Detects the machine's cores, quota and kernel.
pub fn detect_machine() -> Machine {
    // `available_parallelism` alone would round a quota down.
    let usable = affinity_cores().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let uname = rustix::system::uname();
    Machine {
        cores: online_cores().unwrap_or(usable),
        usable,
        quota: cpu_quota(&group_directories("cpu")),
        os: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
    }
}

/// Counts the cores of a list such as `0-3,8`.
fn online_cores() -> Option<usize> {
    let list = fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    list.trim()
        .split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(last.parse::<usize>().ok()?.saturating_sub(first.parse().ok()?) + 1)
        })
        .sum()
}

/// Counts the cores that this thread may run on.
fn affinity_cores() -> Option<usize> {
    rustix::thread::sched_getaffinity(None).ok().map(|cores| cores.count() as usize).filter(|cores| *cores > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usable_cores_are_limited_by_quota_and_affinity() {
        let machine = |usable, quota| Machine { cores: 8, usable, quota, os: String::new() }.usable_cores().to_string();
        assert_eq!([machine(2, None), machine(2, Some(1.5)), machine(2, Some(4.0))], ["2", "1.5", "2"]);
    }
}
