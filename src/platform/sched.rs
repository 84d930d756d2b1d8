//! What the kernel says of a thread, time on a CPU and time runnable without one, and what a thread may ask of it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

#[cfg(target_os = "linux")]
use rustix::process::setpriority_process;
#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

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

/// Lets the calling thread stand back for others by so much, 0 to 19: beside one at 0, one at 19 gets about a
/// seventieth of a core. Only this way is open to everyone: there is none back.
///
/// # Errors
/// When the system refuses; elsewhere than on Linux always, as niceness is the whole process's there.
pub fn stand_back(nice: u8) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    return Ok(setpriority_process(None, i32::from(nice))?);
    #[cfg(not(target_os = "linux"))]
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("nice={nice} is Linux only")))
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
    fn a_thread_stays_where_it_is_put() {
        let before = sched_getaffinity(None).expect("affinity");
        let alone = std::thread::Builder::new().name("placed".into()).spawn(|| {
            stay_on(usize::MAX).expect("one of our own cores");
            stand_back(19).expect("backwards is open to all");
            (sched_getaffinity(None).expect("affinity"), rustix::process::getpriority_process(None).expect("nice"))
        });
        let (after, nice) = alone.expect("a thread").join().expect("no panic");
        assert_eq!((after.count(), nice), (1, 19));
        assert_eq!(sched_getaffinity(None).expect("affinity"), before, "only that thread");
    }
}
