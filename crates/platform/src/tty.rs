//! How a terminal treats what is typed and written: its modes, and giving them back.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use serde::{Deserialize, Serialize};

/// What raw mode changes of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modes {
    input: u64,
    output: u64,
    control: u64,
    local: u64,
    /// Bytes, and tenths of a second, that a read waits for.
    least: u8,
    patience: u8,
}

impl Modes {
    /// The modes of a terminal now.
    ///
    /// # Errors
    /// If it is no terminal, or is gone.
    pub fn of(terminal: impl AsFd) -> io::Result<Self> {
        Ok(Self::from(&tcgetattr(terminal)?))
    }

    /// Gives a terminal these modes back if it still has the raw ones that followed on them. Whoever changed it meanwhile,
    /// such as a shell that waits for a line, knows better.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub fn put_back(self, terminal: impl AsFd) -> io::Result<()> {
        let mut now = tcgetattr(&terminal)?;
        let mut raw = now.clone();
        self.enter(&mut raw);
        raw.make_raw();
        if Self::from(&now) == Self::from(&raw) {
            self.enter(&mut now);
            tcsetattr(&terminal, OptionalActions::Now, &now)?;
        }
        Ok(())
    }

    fn enter(self, all: &mut Termios) {
        all.input_modes = InputModes::from_bits_retain(self.input as _);
        all.output_modes = OutputModes::from_bits_retain(self.output as _);
        all.control_modes = ControlModes::from_bits_retain(self.control as _);
        all.local_modes = LocalModes::from_bits_retain(self.local as _);
        all.special_codes[SpecialCodeIndex::VMIN] = self.least;
        all.special_codes[SpecialCodeIndex::VTIME] = self.patience;
    }
}

impl From<&Termios> for Modes {
    fn from(all: &Termios) -> Self {
        Self {
            input: u64::from(all.input_modes.bits()),
            output: u64::from(all.output_modes.bits()),
            control: u64::from(all.control_modes.bits()),
            local: u64::from(all.local_modes.bits()),
            least: all.special_codes[SpecialCodeIndex::VMIN],
            patience: all.special_codes[SpecialCodeIndex::VTIME],
        }
    }
}

/// Writes to a terminal if it takes bytes within `patience`; one that has stopped reading would hold us for ever.
///
/// # Errors
/// If the terminal is gone, or takes nothing.
pub fn write_if_it_reads(terminal: impl AsFd, bytes: &[u8], patience: Duration) -> io::Result<()> {
    let mut fds = [PollFd::new(&terminal, PollFlags::OUT)];
    let timeout = Timespec { tv_sec: patience.as_secs().min(60) as i64, tv_nsec: i64::from(patience.subsec_nanos()) };
    if poll(&mut fds, Some(&timeout))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut left = bytes;
    while !left.is_empty() {
        let n = rustix::io::retry_on_intr(|| rustix::io::write(&terminal, left))?;
        left = left.get(n.max(1)..).unwrap_or_default();
    }
    Ok(())
}
