//! What machine this is, as far as a run depends on it.

use std::fs;

use super::control_group::{directories, quota_of};

/// What of the machine a run may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Cores the kernel has online.
    pub cores: usize,
    /// Cores this process may be put on, at least 1.
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
    // Not the standard library's figure alone: that rounds a quota down.
    let usable = by_affinity().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let uname = rustix::system::uname();
    Machine {
        cores: online().unwrap_or(usable),
        usable,
        quota: quota_of(&directories("cpu")),
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

/// Cores that this thread may be put on.
fn by_affinity() -> Option<usize> {
    #[cfg(target_os = "linux")]
    return rustix::thread::sched_getaffinity(None).ok().map(|cores| cores.count() as usize).filter(|cores| *cores > 0);
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_no_more_than_the_cores_one_may_use() {
        let machine = |usable, quota| Machine { cores: 8, usable, quota, os: String::new() }.usable_cores().to_string();
        assert_eq!([machine(2, None), machine(2, Some(1.5)), machine(2, Some(4.0))], ["2", "1.5", "2"]);
    }
}
