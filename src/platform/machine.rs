//! What machine this is, as far as a run depends on it.

use std::fs;

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

/// The quota of our own control group (version 2): `max 100000` or `50000 100000`.
fn quota() -> Option<f64> {
    let group = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = group.lines().find_map(|l| l.strip_prefix("0::"))?;
    let text = fs::read_to_string(format!("/sys/fs/cgroup{path}/cpu.max")).ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}
