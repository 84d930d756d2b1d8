//! Waits that look like a wait for a device, and precise timers.
#![expect(unsafe_code, reason = "registering a descriptor with an event loop")]

use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;

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

/// Makes the calling thread's sleeps and timeouts end on time instead of up to 50 µs late.
pub fn minimize_timer_slack() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}
