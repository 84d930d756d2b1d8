//! What the kernel says of a thread, time on a CPU and time runnable without one, and what a thread may ask of it.
#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "a call of the system that rustix does not have"))]

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;

#[cfg(target_os = "linux")]
use rustix::process::{getpriority_process, setpriority_process};
#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use super::control_group::{directories, has_weight};

/// A thread's `schedstat`, kept open: 0.8 µs a reading instead of 5.
#[derive(Debug)]
pub struct SchedStat {
    file: File,
}

impl SchedStat {
    /// Opens the figures of one thread. `None` where the kernel or its settings do not give them.
    pub fn open(pid: u32, tid: u32) -> Option<Self> {
        Some(Self { file: File::open(format!("/proc/{pid}/task/{tid}/schedstat")).ok()? })
    }

    /// Nanoseconds on a CPU, and nanoseconds on a run queue, since the thread began. `None` once it is gone.
    pub fn read(&self) -> Option<(u64, u64)> {
        let mut buffer = [0_u8; 96];
        let n = rustix::io::pread(self.file.as_fd(), &mut buffer, 0).ok()?;
        let mut fields = std::str::from_utf8(buffer.get(..n)?).ok()?.split_ascii_whitespace().map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    }
}

/// Lets the calling thread stand back for others by so much more than it does already: beside one at 0, one at 19, the
/// most, gets about a seventieth of a core. Only this way is open to everyone: there is none back.
///
/// # Errors
/// When the system refuses; elsewhere than on Linux always, as niceness is the whole process's there.
pub fn stand_back(by: u8) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    return Ok(setpriority_process(None, getpriority_process(None)?.saturating_add(i32::from(by)).min(19))?);
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("nice={by} is Linux only")))
}

/// Whether the kernel shares the cores among sessions first, and within each among its threads: then a thousand threads
/// in a session of their own take no more from the others than one does. It does so unless it was told not to, and for
/// those who are in no control group with a weight of its own: sched(7), "The autogroup feature".
pub fn sessions_share() -> bool {
    let told = fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled");
    told.is_ok_and(|told| told.trim() == "1") && !has_weight(&directories("cpu"))
}

/// How far all threads of a large run stand back for one that is to be on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// By levels of niceness, each of which takes a fifth of a thread's weight: what they are to each other stays as it is.
    Levels(u8),
    /// As far as there is: all alike, whatever their niceness. Whoever else wakes up takes their place at once.
    Idle,
}

impl Back {
    /// What leaves half a core to the one when so many threads want each core, or, of more than niceness can do that for,
    /// a third beside seven hundred. None where as much is left anyway.
    ///
    /// A thread's weight is 1024 divided by 1.25 for each level (`sched_prio_to_weight` of Linux), 15 at the last level, and 3 if
    /// it is idle.
    pub fn of(threads_a_core: f64) -> Option<Self> {
        let levels = threads_a_core.max(1.0).log(1.25).ceil();
        match levels {
            0.0 => None,
            1.0..=19.0 => Some(Self::Levels(levels as u8)),
            _ => Some(Self::Idle),
        }
    }

    /// Has the calling thread, and all that it starts from now on, stand back so.
    ///
    /// # Errors
    /// When the system refuses; elsewhere than on Linux always.
    pub fn take(self) -> io::Result<()> {
        match self {
            Self::Levels(levels) => stand_back(levels),
            #[cfg(target_os = "linux")]
            Self::Idle => ask_for(libc::SCHED_IDLE as u32, 0, 0),
            #[cfg(not(target_os = "linux"))]
            Self::Idle => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels(levels) => write!(f, "nice {levels}"),
            Self::Idle => f.write_str("SCHED_IDLE"),
        }
    }
}

/// Asks for short turns for the calling thread: it gets no more of a core for that, but gets it sooner when it wakes up. What
/// it starts has turns of the usual length. Linux before 6.12, and other systems, take no notice.
pub fn be_prompt() {
    #[cfg(target_os = "linux")]
    {
        const SHORT: u64 = 100_000; // nanoseconds: the least that the kernel takes
        const RESET_ON_FORK: u64 = 1;
        // SAFETY: asks how the calling thread is scheduled.
        if unsafe { libc::sched_getscheduler(0) } == libc::SCHED_OTHER {
            let _ = ask_for(libc::SCHED_OTHER as u32, RESET_ON_FORK, SHORT);
        }
    }
}

/// `struct sched_attr` in its first version, see `sched_setattr(2)`.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Asks the kernel to schedule the calling thread so, its niceness as it is.
#[cfg(target_os = "linux")]
fn ask_for(policy: u32, flags: u64, runtime: u64) -> io::Result<()> {
    let (size, nice) = (size_of::<Attributes>() as u32, getpriority_process(None)?);
    let wanted = Attributes { size, policy, flags, nice, runtime, ..Attributes::default() };
    // SAFETY: the kernel reads so many bytes as `size` says, from a value that outlives the call; 0 is the calling thread.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wanted, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Keeps the calling thread on one core: the `core`th of those it may use, wrapping around.
///
/// # Errors
/// When the system refuses; elsewhere than on Linux always.
pub fn stay_on(core: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let may_use = sched_getaffinity(None)?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| may_use.is_set(*core)).collect();
        let mut one = CpuSet::new();
        one.set(cores[core % cores.len().max(1)]);
        Ok(sched_setaffinity(None, &one)?)
    }
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("core={core} is Linux only")))
}

/// CPU time of the calling thread in nanoseconds. A real system call of half a microsecond: not for every event.
pub fn thread_cpu() -> u64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn however_many_there_are_they_stand_back_as_far_as_that_takes() {
        let share = |threads: f64| match Back::of(threads) {
            None => 1.0 / (1.0 + threads),
            Some(Back::Levels(levels)) => 1.0 / (1.0 + threads / 1.25_f64.powi(levels.into())),
            Some(Back::Idle) => 1.0 / (1.0 + threads * 3.0 / 1024.0),
        };
        for threads in [0.5, 1.0, 2.0, 9.0, 32.0, 69.0] {
            assert!(share(threads) >= 0.5, "{threads} threads: {:?}", Back::of(threads));
        }
        for threads in [70.0, 100.0, 500.0, 680.0] {
            assert!(share(threads) >= 1.0 / 3.0, "{threads} threads: {:?}", Back::of(threads));
        }
        let some = [0.0, 1.0, 2.0, 69.0, 70.0, f64::NAN, f64::INFINITY].map(Back::of);
        let (two, many) = (Some(Back::Levels(4)), Some(Back::Levels(19)));
        assert_eq!(some, [None, None, two, many, Some(Back::Idle), None, Some(Back::Idle)]);
    }

    #[test]
    fn who_stands_back_does_so_with_all_that_it_starts_and_who_is_prompt_alone() {
        /// How the calling thread is scheduled.
        fn scheduled() -> Attributes {
            let (size, mut is) = (size_of::<Attributes>() as u32, Attributes::default());
            // SAFETY: the kernel writes so many bytes as it is told, to a value that outlives the call.
            let done = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut is, size, 0) };
            assert_eq!(done, 0, "{}", io::Error::last_os_error());
            is
        }
        let started = |with: fn()| {
            let named = |name: &str| std::thread::Builder::new().name(name.into());
            let both = named("outer").spawn(move || {
                with();
                (scheduled(), named("inner").spawn(scheduled).expect("a thread").join().expect("no panic"))
            });
            both.expect("a thread").join().expect("no panic")
        };
        let (outer, inner) = started(|| Back::Idle.take().expect("it is open to all"));
        assert_eq!((outer.policy, inner.policy), (libc::SCHED_IDLE as u32, libc::SCHED_IDLE as u32));
        let (outer, inner) = started(be_prompt);
        assert_eq!((outer.policy, inner.policy), (libc::SCHED_OTHER as u32, libc::SCHED_OTHER as u32));
        let before = scheduled();
        assert_eq!(inner.runtime, before.runtime, "its turns are as long as ever");
        assert!(outer.runtime < before.runtime || before.runtime == 0, "{} of {}", outer.runtime, before.runtime);
    }

    #[test]
    fn a_thread_stays_where_it_is_put() {
        let before = sched_getaffinity(None).expect("affinity");
        let alone = std::thread::Builder::new().name("placed".into()).spawn(|| {
            stay_on(usize::MAX).expect("one of our own cores");
            let before = getpriority_process(None).expect("nice");
            stand_back(2).expect("backwards is open to all");
            let by = getpriority_process(None).expect("nice") - before;
            assert!(by == 2 || before > 17, "{by}");
            stand_back(19).expect("so is further back");
            (sched_getaffinity(None).expect("affinity"), getpriority_process(None).expect("nice"))
        });
        let (after, nice) = alone.expect("a thread").join().expect("no panic");
        assert_eq!((after.count(), nice), (1, 19));
        assert_eq!(sched_getaffinity(None).expect("affinity"), before, "only that thread");
    }
}
