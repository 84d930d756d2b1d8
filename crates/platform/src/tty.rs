//! Terminal modes: reading and restoring them, and writes that cannot block forever.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use serde::{Deserialize, Serialize};

/// The modes of a terminal that raw mode changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalModes {
    input: u64,
    output: u64,
    control: u64,
    local: u64,
    /// Minimum number of bytes of a read.
    min_bytes: u8,
    /// Timeout of a read in tenths of a second.
    read_timeout: u8,
}

impl TerminalModes {
    /// Returns the present modes of a terminal.
    ///
    /// # Errors
    /// If it is not a terminal, or is gone.
    pub fn read_from(terminal: impl AsFd) -> io::Result<Self> {
        Ok(Self::from(&tcgetattr(terminal)?))
    }

    /// Restores these modes if the terminal still has the raw modes derived from them. If another program, such as a
    /// shell, has changed the modes since, they stay.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn restore(self, terminal: impl AsFd) -> io::Result<()> {
        let mut now = tcgetattr(&terminal)?;
        let mut raw = now.clone();
        self.apply_to(&mut raw);
        raw.make_raw();
        if Self::from(&now) == Self::from(&raw) {
            self.apply_to(&mut now);
            tcsetattr(&terminal, OptionalActions::Now, &now)?;
        }
        Ok(())
    }

    fn apply_to(self, all: &mut Termios) {
        all.input_modes = InputModes::from_bits_retain(self.input as _);
        all.output_modes = OutputModes::from_bits_retain(self.output as _);
        all.control_modes = ControlModes::from_bits_retain(self.control as _);
        all.local_modes = LocalModes::from_bits_retain(self.local as _);
        all.special_codes[SpecialCodeIndex::VMIN] = self.min_bytes;
        all.special_codes[SpecialCodeIndex::VTIME] = self.read_timeout;
    }
}

impl From<&Termios> for TerminalModes {
    fn from(all: &Termios) -> Self {
        Self {
            input: u64::from(all.input_modes.bits()),
            output: u64::from(all.output_modes.bits()),
            control: u64::from(all.control_modes.bits()),
            local: u64::from(all.local_modes.bits()),
            min_bytes: all.special_codes[SpecialCodeIndex::VMIN],
            read_timeout: all.special_codes[SpecialCodeIndex::VTIME],
        }
    }
}

/// Writes to a terminal that accepts bytes within `timeout`. A plain write to a terminal that is stopped would block
/// forever.
///
/// # Errors
/// If the terminal is gone, or accepts nothing in time.
pub fn write_with_timeout(terminal: impl AsFd, bytes: &[u8], timeout: Duration) -> io::Result<()> {
    let mut fds = [PollFd::new(&terminal, PollFlags::OUT)];
    let wait = Timespec { tv_sec: timeout.as_secs().min(60) as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
    if poll(&mut fds, Some(&wait))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut left = bytes;
    while !left.is_empty() {
        let n = rustix::io::retry_on_intr(|| rustix::io::write(&terminal, left))?;
        left = left.get(n.max(1)..).unwrap_or_default();
    }
    Ok(())
}
