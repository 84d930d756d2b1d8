//! Waits that look like a wait for a device, precise timers, and the end of a process at a given time.
#![expect(unsafe_code, reason = "registering a descriptor with an event loop, `setitimer`")]

use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Blocks in `read(2)` on a timerfd that becomes ready after `nanos`, so that tools see the thread wait for input, as
/// for a disk or a server.
///
/// # Errors
/// If there is no descriptor left.
pub fn wait_for_device(nanos: u64) -> io::Result<()> {
    let timer = timer_fd(nanos)?;
    rustix::io::retry_on_intr(|| rustix::io::read(&timer, &mut [0_u8; 8]))?;
    Ok(())
}

/// As [`wait_for_device`], for a task: the event loop watches the descriptor.
///
/// # Errors
/// If there is no descriptor left.
///
/// # Panics
/// Outside an event loop.
pub async fn wait_for_device_async(nanos: u64) -> io::Result<()> {
    // SAFETY: `AsyncFd` owns the descriptor, which stays the same until it is dropped.
    let watched = unsafe { AsyncFd::register_with_interest(timer_fd(nanos)?, Interest::READABLE)? };
    watched.readable().await.map(drop)
}

/// Returns a descriptor that becomes readable after `nanos`.
fn timer_fd(nanos: u64) -> io::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let once = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec {
            tv_sec: (nanos / 1_000_000_000) as i64,
            tv_nsec: (nanos % 1_000_000_000).max(1) as i64, // all zero would disarm it
        },
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(timer)
}

/// The signal that ends a process after [`end_process_after`].
pub const END_SIGNAL: i32 = libc::SIGALRM;

/// Makes the kernel end this process after a time. The kernel's timer interrupt does it: from then on no thread of the
/// process executes another instruction, even if none of them, and no other process, gets a core. Replaces an earlier
/// request. Children do not inherit it.
///
/// # Errors
/// If the system refuses.
pub fn end_process_after(time: Duration) -> io::Result<()> {
    let micros = time.subsec_micros().max(u32::from(time.as_secs() == 0)); // all zero would disarm it
    let once = libc::itimerval {
        it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 },
        it_value: libc::timeval { tv_sec: time.as_secs() as libc::time_t, tv_usec: libc::suseconds_t::from(micros) },
    };
    // SAFETY: the kernel reads a value that outlives the call, and writes nothing.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const once, std::ptr::null_mut()) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes the calling thread's sleeps and timeouts end on time instead of up to 50 µs late.
pub fn minimize_timer_slack() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exit, fork_and_wait};

    #[test]
    fn kernel_ends_a_process_that_never_looks_at_a_clock() {
        for time in [Duration::ZERO, Duration::from_millis(3)] {
            let spin = |()| {
                end_process_after(time).expect("a timer");
                loop {
                    std::hint::spin_loop();
                }
            };
            assert_eq!(fork_and_wait((), spin, |()| {}).expect("a child"), Exit::Signal(END_SIGNAL), "{time:?}");
        }
    }
}
