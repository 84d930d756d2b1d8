//! How busy each core is, measured by sysinfo.
//!
//! sysinfo reads `/proc/stat`, which has a line for each core that is online. It names the cores at its first refresh
//! and from then on matches lines to cores by position. So once a core goes offline, each core behind it gets the load
//! of its neighbour, the last one keeps an old value, and cores that come online are ignored (sysinfo 0.40.1).
//! [`CoreLoad`] therefore starts over whenever the kernel's list of online cores changes; there are no loads for that
//! interval.

use std::fs;
use std::time::Instant;

use sysinfo::{MINIMUM_CPU_UPDATE_INTERVAL, System};

use super::usage::busy_nanos_of_all_cores;

/// Cores with a higher number are ignored.
const MAX_CORES: usize = 8192;

/// The kernel's list of online cores, such as `0-3,8`.
const ONLINE_CORES: &str = "/sys/devices/system/cpu/online";

/// Measures the load of each core from sample to sample.
#[derive(Debug)]
pub struct CoreLoad {
    /// `None` where the system has no counters.
    system: Option<System>,
    /// The online cores at the first refresh of `system`.
    online: Option<String>,
    started: Instant,
}

impl CoreLoad {
    /// Takes the first sample.
    pub fn start() -> Self {
        Self::start_with(online_cores())
    }

    fn start_with(online: Option<String>) -> Self {
        // A sandbox may show counters that stand at zero: sysinfo would report idle cores.
        let has_counters = busy_nanos_of_all_cores().is_some_and(|busy| busy > 0);
        let mut system = System::new().ok().filter(|_| has_counters);
        if let Some(system) = &mut system {
            system.refresh_cpu_usage();
        }
        Self { system, online, started: Instant::now() }
    }

    /// Returns the load of each core since the last sample, 0 to 1, indexed by the core's number. `None` for a core
    /// that is offline. Empty where the system has no counters, after a core came or went, and within the first 200 ms.
    pub fn sample_loads(&mut self) -> Vec<Option<f32>> {
        self.sample_with(online_cores)
    }

    fn sample_with(&mut self, online: impl Fn() -> Option<String>) -> Vec<Option<f32>> {
        let Some(system) = &mut self.system else { return Vec::new() };
        let before = online();
        system.refresh_cpu_usage();
        // Read again: a core may have come or gone just before the refresh.
        let after = online();
        if before != self.online || after != self.online {
            *self = Self::start_with(after);
            return Vec::new();
        }
        if self.started.elapsed() < MINIMUM_CPU_UPDATE_INTERVAL {
            return Vec::new(); // sysinfo has not refreshed yet
        }
        loads_by_core(system.cpus().iter().map(|cpu| (cpu.name(), cpu.usage())))
    }
}

fn online_cores() -> Option<String> {
    fs::read_to_string(ONLINE_CORES).ok()
}

/// Places the usage of `cpu3`, in percent, at index 3.
fn loads_by_core<'a>(cpus: impl Iterator<Item = (&'a str, f32)>) -> Vec<Option<f32>> {
    let mut loads = Vec::new();
    for (name, percent) in cpus {
        let number = name.strip_prefix("cpu").and_then(|number| number.parse::<usize>().ok());
        let Some(number) = number.filter(|number| *number < MAX_CORES) else { continue };
        loads.resize(loads.len().max(number + 1), None);
        loads[number] = percent.is_finite().then_some((percent / 100.0).clamp(0.0, 1.0));
    }
    loads
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    #[test]
    fn load_has_the_number_of_its_core_when_cores_before_it_are_offline() {
        let loads = |cpus: &[(&'static str, f32)]| loads_by_core(cpus.iter().copied());
        assert_eq!(loads(&[("cpu0", 50.0), ("cpu1", 100.0)]), [Some(0.5), Some(1.0)]);
        assert_eq!(loads(&[("cpu1", 50.0), ("cpu3", 25.0)]), [None, Some(0.5), None, Some(0.25)]);
        assert_eq!(loads(&[]), []);
    }

    #[test]
    fn load_is_between_0_and_1_whatever_the_system_reports() {
        let odd = [("cpu0", -1.0), ("cpu1", 250.0), ("cpu2", f32::NAN), ("cpu8192", 1.0), ("cpu99999999999", 1.0)];
        assert_eq!(loads_by_core(odd.into_iter().chain([("cpux", 1.0), ("", 1.0)])), [Some(0.0), Some(1.0), None]);
    }

    #[test]
    fn sampling_starts_over_when_a_core_comes_or_goes() {
        let all = || Some("0-3".to_owned());
        let fewer = || Some("0,2-3".to_owned());
        let mut load = CoreLoad::start_with(all());
        let mut next = |online: &dyn Fn() -> Option<String>| {
            sleep(MINIMUM_CPU_UPDATE_INTERVAL + Duration::from_millis(5));
            load.sample_with(online)
        };
        assert_ne!(next(&all), []);
        assert_eq!(next(&fewer), [], "a core went");
        assert_ne!(next(&fewer), []);
        assert_eq!(next(&all), [], "it came back");
        assert_ne!(next(&all), []);
    }

    #[test]
    fn loads_add_up_to_the_busy_time_of_all_cores() {
        let mut differences = Vec::new();
        for _ in 0..5 {
            let mut load = CoreLoad::start();
            let (began, busy_before) = (Instant::now(), busy_nanos_of_all_cores().expect("Linux"));
            sleep(Duration::from_millis(400));
            let busy = (busy_nanos_of_all_cores().expect("Linux") - busy_before) as f64 / 1e9;
            let elapsed = began.elapsed().as_secs_f64();
            let loads = load.sample_loads();
            let sum = loads.iter().flatten().map(|load| f64::from(*load) * elapsed).sum::<f64>();
            let difference = (sum - busy).abs() / loads.len().max(1) as f64;
            if difference < 0.1 {
                return;
            }
            differences.push(difference); // the machine took this thread's core between the readings
        }
        panic!("seconds for each core: {differences:?}");
    }
}
