//! Scheduling: a thread's time on a CPU and on the run queue, its core, niceness and policy.
#![expect(unsafe_code, reason = "`sched_setattr` and `sched_getscheduler`, which rustix does not have")]

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;

use contend_shm::clock_nanos;
use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::ClockId;

use super::control_group::{group_directories, has_cpu_weight};

/// The open `schedstat` file of a thread. A reading takes 0.8 µs; opening the file each time would take 5 µs.
#[derive(Debug)]
pub struct SchedStat {
    file: File,
}

impl SchedStat {
    /// Opens the file of one thread. `None` where the kernel or its settings do not provide it.
    pub fn open(pid: u32, tid: u32) -> Option<Self> {
        Some(Self { file: File::open(format!("/proc/{pid}/task/{tid}/schedstat")).ok()? })
    }

    /// Returns the nanoseconds on a CPU and the nanoseconds on a run queue since the thread began. `None` once it is
    /// gone.
    pub fn read(&self) -> Option<(u64, u64)> {
        let mut buffer = [0_u8; 96];
        let n = rustix::io::pread(self.file.as_fd(), &mut buffer, 0).ok()?;
        let mut fields = std::str::from_utf8(buffer.get(..n)?).ok()?.split_ascii_whitespace().map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    }
}

/// The file with a thread's last core.
#[derive(Debug)]
pub struct ThreadStat {
    file: File,
}

impl ThreadStat {
    /// Opens the file of one thread. `None` where the system does not provide it.
    pub fn open(pid: u32, tid: u32) -> Option<Self> {
        Some(Self { file: File::open(format!("/proc/{pid}/task/{tid}/stat")).ok()? })
    }

    /// Returns the core that the thread ran on last. `None` once the thread is gone.
    pub fn last_core(&self) -> Option<u16> {
        let mut buffer = [0_u8; 1024];
        let n = rustix::io::pread(self.file.as_fd(), &mut buffer, 0).ok()?;
        last_core_in(buffer.get(..n)?)
    }
}

/// Returns field 39 of `proc_pid_stat(5)`. Field 2, the name in parentheses, can contain spaces and parentheses.
fn last_core_in(stat: &[u8]) -> Option<u16> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    std::str::from_utf8(&stat[name_end + 1..]).ok()?.split_ascii_whitespace().nth(36)?.parse().ok()
}

/// Raises the niceness of the calling thread, up to 19. Beside a thread at 0, a thread at 19 gets about a seventieth of
/// a core. Without privileges the niceness cannot be lowered again.
///
/// # Errors
/// If the system refuses.
pub fn add_niceness(by: u8) -> io::Result<()> {
    raise_niceness(None, by)
}

/// Raises the niceness of a thread, the calling one without a number.
fn raise_niceness(thread: Option<Pid>, by: u8) -> io::Result<()> {
    Ok(setpriority_process(thread, getpriority_process(thread)?.saturating_add(i32::from(by)).min(19))?)
}

/// Returns whether the kernel shares the cores among sessions first, and within a session among its threads. Then a
/// thousand threads in a session of their own take no more CPU time from other sessions than one thread does.
/// Autogroups can be switched off, and do not apply in a control group with a weight of its own: sched(7), "The
/// autogroup feature".
pub fn is_autogroup_active() -> bool {
    let enabled = fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled");
    enabled.is_ok_and(|enabled| enabled.trim() == "1") && !has_cpu_weight(&group_directories("cpu"))
}

/// Lowers the share of the session that the calling process leads to a third of a normal session's, if others want the
/// cores. Without that, a session of many threads that wake up all the time keeps a core for seconds while the threads
/// of other sessions wait: Linux 6.18 renews the group's right to run at each of those wake-ups.
///
/// # Errors
/// If the system refuses. Without privileges, it accepts one such request in 100 ms from all processes together.
pub fn lower_session_share() -> io::Result<()> {
    const NICENESS: &str = "5"; // a weight of 335 instead of 1024
    fs::write("/proc/self/autogroup", NICENESS)
}

/// A low priority for all threads of a large run, so that another thread runs on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowPriority {
    /// Levels of niceness, each of which takes a fifth of a thread's weight. Their ratios to each other stay the same.
    Levels(u8),
    /// The lowest there is, the same for all threads whatever their niceness. Any other thread that wakes up preempts
    /// them.
    Idle,
}

impl LowPriority {
    /// Returns the priority that leaves half a core to the other thread when so many threads compete for each core, or,
    /// beyond the reach of niceness, a third of a core beside seven hundred. `None` if half a core is left anyway.
    ///
    /// A thread's weight is 1024 divided by 1.25 for each level (`sched_prio_to_weight` of Linux), 15 at the last
    /// level, and 3 for `SCHED_IDLE`.
    pub fn for_load(threads_per_core: f64) -> Option<Self> {
        let levels = threads_per_core.max(1.0).log(1.25).ceil();
        match levels {
            0.0 => None,
            1.0..=19.0 => Some(Self::Levels(levels as u8)),
            _ => Some(Self::Idle),
        }
    }

    /// Applies the priority to the calling thread and to all threads that it starts from now on.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn apply(self) -> io::Result<()> {
        self.apply_to(None)
    }

    /// As [`LowPriority::apply`], to the thread with this number, which may be another process's.
    ///
    /// # Errors
    /// If the system refuses, or there is no such thread.
    pub fn apply_to_thread(self, thread: u32) -> io::Result<()> {
        self.apply_to(Some(Pid::from_raw(thread as i32).ok_or(io::ErrorKind::NotFound)?))
    }

    fn apply_to(self, thread: Option<Pid>) -> io::Result<()> {
        match self {
            Self::Levels(levels) => raise_niceness(thread, levels),
            Self::Idle => {
                set_scheduling(thread, &SchedAttr { policy: libc::SCHED_IDLE as u32, ..SchedAttr::default() })
            }
        }
    }
}

impl fmt::Display for LowPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels(levels) => write!(f, "nice {levels}"),
            Self::Idle => f.write_str("SCHED_IDLE"),
        }
    }
}

/// Asks for short time slices for the calling thread: it gets no more CPU time, but gets it sooner after waking up.
/// Threads that it starts have slices of the usual length. Linux before 6.12 ignores the request.
pub fn request_short_slices() {
    const SHORT: u64 = 100_000; // nanoseconds: the minimum that the kernel accepts
    // SAFETY: returns the policy of the calling thread.
    if unsafe { libc::sched_getscheduler(0) } == libc::SCHED_OTHER {
        let attr = SchedAttr { policy: libc::SCHED_OTHER as u32, flags: RESET_ON_FORK, ..SchedAttr::default() };
        let _ = set_scheduling(None, &SchedAttr { runtime: SHORT, ..attr });
    }
}

/// Makes the calling thread run at once whenever it wakes up, whatever else the cores do: for a thread that sleeps
/// until it has to end something, and needs a few microseconds then. Asks for short time slices where the system
/// reserves that for privileged users.
pub fn request_instant_wakeups() {
    let attr = SchedAttr { policy: libc::SCHED_FIFO as u32, flags: RESET_ON_FORK, priority: 1, ..SchedAttr::default() };
    if set_scheduling(None, &attr).is_err() {
        request_short_slices();
    }
}

/// `SCHED_FLAG_RESET_ON_FORK`: threads that the thread starts are scheduled as usual.
const RESET_ON_FORK: u64 = 1;

/// `struct sched_attr` in its first version, see `sched_setattr(2)`.
#[repr(C)]
#[derive(Default)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Sets the policy, priority and time slice of a thread, the calling one without a number, and keeps its niceness.
fn set_scheduling(thread: Option<Pid>, attr: &SchedAttr) -> io::Result<()> {
    let (size, nice) = (size_of::<SchedAttr>() as u32, getpriority_process(thread)?);
    let wanted = SchedAttr { size, nice, ..*attr };
    let thread = Pid::as_raw(thread); // 0 is the calling thread
    // SAFETY: the kernel reads `size` bytes from a value that outlives the call.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, thread, &raw const wanted, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Pins the calling thread to one core: number `core` of those that it may use, modulo their count.
///
/// # Errors
/// If the system refuses.
pub fn pin_to_core(core: usize) -> io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
    let mut one = CpuSet::new();
    one.set(cores[core % cores.len().max(1)]);
    Ok(sched_setaffinity(None, &one)?)
}

/// Returns the CPU time of the calling thread in nanoseconds. A system call of half a microsecond: too slow for every
/// event.
pub fn thread_cpu_nanos() -> u64 {
    clock_nanos(ClockId::ThreadCPUTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_priority_leaves_the_promised_share_for_any_number_of_threads() {
        let share = |threads: f64| match LowPriority::for_load(threads) {
            None => 1.0 / (1.0 + threads),
            Some(LowPriority::Levels(levels)) => 1.0 / (1.0 + threads / 1.25_f64.powi(levels.into())),
            Some(LowPriority::Idle) => 1.0 / (1.0 + threads * 3.0 / 1024.0),
        };
        for threads in [0.5, 1.0, 2.0, 9.0, 32.0, 69.0] {
            assert!(share(threads) >= 0.5, "{threads} threads: {:?}", LowPriority::for_load(threads));
        }
        for threads in [70.0, 100.0, 500.0, 680.0] {
            assert!(share(threads) >= 1.0 / 3.0, "{threads} threads: {:?}", LowPriority::for_load(threads));
        }
        let some = [0.0, 1.0, 2.0, 69.0, 70.0, f64::NAN, f64::INFINITY].map(LowPriority::for_load);
        let (two, many) = (Some(LowPriority::Levels(4)), Some(LowPriority::Levels(19)));
        assert_eq!(some, [None, None, two, many, Some(LowPriority::Idle), None, Some(LowPriority::Idle)]);
    }

    #[test]
    fn idle_policy_is_inherited_and_short_slices_are_not() {
        /// Returns how the calling thread is scheduled.
        fn scheduled() -> SchedAttr {
            let (size, mut attr) = (size_of::<SchedAttr>() as u32, SchedAttr::default());
            // SAFETY: the kernel writes at most `size` bytes to a value that outlives the call.
            let done = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attr, size, 0) };
            assert_eq!(done, 0, "{}", io::Error::last_os_error());
            attr
        }
        let started = |with: fn()| {
            let named = |name: &str| std::thread::Builder::new().name(name.into());
            let both = named("outer").spawn(move || {
                with();
                (scheduled(), named("inner").spawn(scheduled).expect("a thread").join().expect("no panic"))
            });
            both.expect("a thread").join().expect("no panic")
        };
        let (outer, inner) = started(|| LowPriority::Idle.apply().expect("it needs no privileges"));
        assert_eq!((outer.policy, inner.policy), (libc::SCHED_IDLE as u32, libc::SCHED_IDLE as u32));
        let (outer, inner) = started(request_short_slices);
        assert_eq!((outer.policy, inner.policy), (libc::SCHED_OTHER as u32, libc::SCHED_OTHER as u32));
        let before = scheduled();
        assert_eq!(inner.runtime, before.runtime, "its slices have the usual length");
        assert!(outer.runtime < before.runtime || before.runtime == 0, "{} of {}", outer.runtime, before.runtime);
    }

    #[test]
    fn priority_of_another_thread_can_be_lowered() {
        let (ids, numbers) = std::sync::mpsc::channel();
        let (go, wait) = std::sync::mpsc::channel();
        let lowered = std::thread::Builder::new().name("lowered".into()).spawn(move || {
            let own = getpriority_process(None).expect("nice");
            ids.send(contend_shm::thread_id()).expect("a receiver");
            wait.recv().expect("a sender");
            (own, getpriority_process(None).expect("nice"))
        });
        let before = getpriority_process(None).expect("nice");
        LowPriority::Levels(3).apply_to_thread(numbers.recv().expect("a number")).expect("it needs no privileges");
        go.send(()).expect("a receiver");
        let (from, to) = lowered.expect("a thread").join().expect("no panic");
        assert_eq!(to, (from + 3).min(19));
        assert_eq!(getpriority_process(None).expect("nice"), before, "the caller keeps its own");
        assert!(LowPriority::Idle.apply_to_thread(0).is_err());
    }

    #[test]
    fn last_core_of_a_thread_is_read_whatever_its_name() {
        let fields = (3..=52).map(|field| if field == 39 { "17".into() } else { field.to_string() });
        let stat = format!("8 (a) b (c)) {}\n", fields.collect::<Vec<_>>().join(" "));
        assert_eq!(last_core_in(stat.as_bytes()), Some(17));
        assert_eq!(last_core_in(&stat.as_bytes()[..40]), None);
        assert_eq!(last_core_in(b""), None);
        let pinned = std::thread::Builder::new().name("pinned".into()).spawn(|| {
            pin_to_core(0).expect("one of our own cores");
            let own = sched_getaffinity(None).expect("affinity");
            let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
            let core = ThreadStat::open(std::process::id(), tid).and_then(|stat| stat.last_core());
            core.is_some_and(|core| own.is_set(core.into()))
        });
        assert!(pinned.expect("a thread").join().expect("no panic"));
    }

    #[test]
    fn pinning_and_niceness_affect_one_thread_only() {
        let before = sched_getaffinity(None).expect("affinity");
        let alone = std::thread::Builder::new().name("pinned".into()).spawn(|| {
            pin_to_core(usize::MAX).expect("one of our own cores");
            let before = getpriority_process(None).expect("nice");
            add_niceness(2).expect("raising needs no privileges");
            let by = getpriority_process(None).expect("nice") - before;
            assert!(by == 2 || before > 17, "{by}");
            add_niceness(19).expect("raising needs no privileges");
            (sched_getaffinity(None).expect("affinity"), getpriority_process(None).expect("nice"))
        });
        let (after, nice) = alone.expect("a thread").join().expect("no panic");
        assert_eq!((after.count(), nice), (1, 19));
        assert_eq!(sched_getaffinity(None).expect("affinity"), before, "other threads are not affected");
    }
}
