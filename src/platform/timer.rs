//! Waiting for a descriptor, as one waits for a device.

use std::io;
use std::num::NonZeroU64;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Blocks in `read` on a timer descriptor that becomes ready after `nanos`: to the kernel, and to whoever looks, the
/// thread waits for input as it would for a disk or a server.
///
/// # Errors
/// When there is no descriptor left.
pub fn wait_for_device(nanos: u64) -> io::Result<()> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let once = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec {
            tv_sec: (nanos / 1_000_000_000) as i64,
            tv_nsec: (nanos % 1_000_000_000).max(1) as i64, // all zero would disarm it
        },
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    rustix::io::retry_on_intr(|| rustix::io::read(&timer, &mut [0_u8; 8]))?;
    Ok(())
}

/// Lets the calling thread's sleeps and timeouts end on time instead of up to 50 µs late.
pub fn exact_sleeps() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}
