//! How busy each core is.

/// More cores than this are not looked at.
const MOST: usize = 8192;

/// Looks at the cores again and again.
#[derive(Debug)]
pub struct CoreLoad(Source);

impl CoreLoad {
    /// The first look.
    pub fn from_now() -> Self {
        Self(Source::new())
    }

    /// The load of each core since the look before, 0 to 1, by the core's number; none for one that is not there, or was
    /// not there then. Cores may come and go. Empty where the system does not say.
    pub fn look(&mut self) -> Vec<Option<f32>> {
        self.0.look()
    }
}

#[cfg(target_os = "linux")]
use counted::Source;
#[cfg(not(target_os = "linux"))]
use told::Source;

/// From the kernel's own counters.
#[cfg(target_os = "linux")]
mod counted {
    use super::MOST;

    /// What a core has counted since the system began, in ticks of 10 ms: busy, and in all.
    type Times = Option<(u64, u64)>;

    #[derive(Debug)]
    pub(super) struct Source(Vec<Times>);

    impl Source {
        pub(super) fn new() -> Self {
            Self(cores(&stat()))
        }

        pub(super) fn look(&mut self) -> Vec<Option<f32>> {
            let now = cores(&stat());
            let loads = loads(&self.0, &now);
            self.0 = now;
            loads
        }
    }

    fn stat() -> String {
        std::fs::read_to_string("/proc/stat").unwrap_or_default()
    }

    /// Those that are online: of others there is no line. See proc(5).
    fn cores(stat: &str) -> Vec<Times> {
        let mut cores = Vec::new();
        // The first line is all of them together; theirs follow.
        for line in stat.lines().skip(1).map_while(|line| line.strip_prefix("cpu")) {
            let mut words = line.split_ascii_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<usize>().ok()).filter(|n| *n < MOST) else {
                continue;
            };
            // user nice system idle iowait irq softirq steal; guest time is part of user time
            let times: Vec<u64> = words.take(8).map_while(|word| word.parse().ok()).collect();
            let all: u64 = times.iter().fold(0, |sum, time| sum.saturating_add(*time));
            let idle = times.iter().skip(3).take(2).fold(0, |sum: u64, time| sum.saturating_add(*time));
            cores.resize(cores.len().max(number + 1), None);
            cores[number] = (times.len() >= 4).then_some((all - idle, all));
        }
        cores
    }

    fn loads(before: &[Times], now: &[Times]) -> Vec<Option<f32>> {
        let load = |(number, times): (usize, &Times)| {
            let ((busy, all), (busy_then, all_then)) = ((*times)?, (*before.get(number)?)?);
            // The idle time of a core that came back, or waits for a disk, may go backwards: then nothing is known.
            let passed = all.checked_sub(all_then).filter(|passed| *passed > 0)?;
            Some((busy.saturating_sub(busy_then) as f64 / passed as f64).min(1.0) as f32)
        };
        now.iter().enumerate().map(load).collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn between(before: &str, now: &str) -> Vec<Option<f32>> {
            loads(&cores(before), &cores(now))
        }

        #[test]
        fn busy_is_all_but_idle_and_waiting_for_a_disk() {
            let before = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 10 0 0 50 40 0 0 0 0 0\ncpu1 0 0 0 100 0 0 0 0 0 0\nintr 5\ncpu7 1 1 1 1\n";
            let now = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 20 10 10 60 70 10 0 20 99 99\ncpu1 0 0 0 200 0 0 0 0\nintr 6\n";
            assert_eq!(between(before, now), [Some(0.6), Some(0.0)]);
        }

        #[test]
        fn who_has_gone_is_not_there_and_who_has_come_is_known_from_the_next_look_on() {
            let three = "cpu  0 0 0 0\ncpu0 0 0 0 0\ncpu1 5 0 0 5\ncpu2 0 0 0 0\n";
            let two = "cpu  0 0 0 0\ncpu0 1 0 0 1\ncpu2 1 0 0 3\n";
            let again = "cpu  0 0 0 0\ncpu0 2 0 0 2\ncpu1 6 0 0 6\ncpu2 2 0 0 6\n";
            assert_eq!(between(three, two), [Some(0.5), None, Some(0.25)], "the second has gone");
            assert_eq!(between(two, again), [Some(0.5), None, Some(0.25)], "it has come back");
            assert_eq!(between(three, again), [Some(0.5), Some(0.5), Some(0.25)]);
            assert_eq!(between("", three), [None, None, None]);
        }

        #[test]
        fn whatever_the_file_says_is_a_load_or_none() {
            let odd = [
                "",
                "cpu",
                "cpu  1\ncpu0\ncpu1 1 2\n",
                "cpu  1\ncpu0 18446744073709551615 18446744073709551615 1 1\n",
                "cpu  1\ncpu99999999999 1 1 1 1\ncpux 1 1 1 1\ncpu8192 1 1 1 1\n",
                "cpu  1\ncpu0 9 9 9 9 9\n",
            ];
            for before in odd {
                for now in odd {
                    let loads = between(before, now);
                    assert!(loads.len() <= MOST && loads.iter().flatten().all(|load| (0.0..=1.0).contains(load)));
                }
            }
        }
    }
}

/// From whatever the system has.
#[cfg(not(target_os = "linux"))]
mod told {
    use sysinfo::System;

    #[derive(Debug)]
    pub(super) struct Source(Option<System>);

    impl Source {
        pub(super) fn new() -> Self {
            let mut system = System::new().ok();
            if let Some(system) = &mut system {
                system.refresh_cpu_usage();
            }
            Self(system)
        }

        pub(super) fn look(&mut self) -> Vec<Option<f32>> {
            let Some(system) = &mut self.0 else { return Vec::new() };
            system.refresh_cpu_usage();
            system.cpus().iter().take(super::MOST).map(|cpu| Some(cpu.usage() / 100.0)).collect()
        }
    }
}
