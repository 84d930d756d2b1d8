//! Runs a program in a pseudo-terminal and interprets its output with a terminal emulator.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use vt100::{MouseProtocolMode, Parser, Screen};

/// Long enough for the slowest machine; reached only on failure.
const DEADLINE: Duration = Duration::from_mins(1);

/// How long to wait for more output after the program ended, since another process can keep the terminal open.
const QUIET_TIME: Duration = Duration::from_millis(500);

/// A program in a terminal. Dropping it kills every process that the program started.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    /// Whether the terminal has stopped reading.
    stalled: Arc<AtomicBool>,
    parser: Parser,
    /// All bytes that the program has sent.
    sent: Vec<u8>,
    child: Box<dyn Child + Send + Sync>,
    /// Marks the environment of the program and of all its descendants.
    environment_mark: String,
    /// The terminal settings before the program started.
    initial_settings: String,
}

impl Pty {
    /// Starts `contend` with these arguments in a terminal of `rows` x `cols`.
    pub fn contend(args: &[&str], rows: u16, cols: u16) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
        command.args(args);
        Self::start(command, rows, cols)
    }

    /// Starts any program.
    pub fn start(command: CommandBuilder, rows: u16, cols: u16) -> Self {
        Self::start_as(command, "xterm-256color", rows, cols)
    }

    /// Starts any program with this value of `TERM`.
    pub fn start_as(mut command: CommandBuilder, term: &str, rows: u16, cols: u16) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("CONTEND_TEST_MARK={}-{number}", std::process::id());
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        command.env("TERM", term);
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let (name, value) = mark.split_once('=').expect("a name and a value");
        command.env(name, value);
        let before = format!("{:?}", pair.master.get_termios().expect("a terminal"));
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (send, output) = channel();
        let stalled = Arc::new(AtomicBool::new(false));
        let stall = Arc::clone(&stalled);
        let read = move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                while stall.load(Ordering::Acquire) {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                if send.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("terminal".into()).spawn(read).expect("a thread");
        let writer = pair.master.take_writer().expect("a writer");
        Self {
            writer,
            output,
            stalled,
            parser: Parser::new(at_least_1(rows), at_least_1(cols), 0),
            sent: Vec::new(),
            child,
            environment_mark: mark,
            initial_settings: before,
            master: pair.master,
        }
    }

    fn process_output(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.sent.extend_from_slice(bytes);
    }

    /// Returns all bytes that the program has sent to the terminal.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// Reads output until `wanted` holds; panics with the screen at the deadline.
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let start = Instant::now();
        while !wanted(self.screen()) {
            assert!(start.elapsed() < DEADLINE, "never seen: {what}\n{}", self.text());
            match self.output.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) => self.process_output(&bytes),
                Err(_) if start.elapsed() < DEADLINE => {}
                Err(e) => panic!("{e} before: {what}\n{}", self.text()),
            }
        }
    }

    /// Reads output for this time.
    pub fn read_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Ok(bytes) = self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.process_output(&bytes);
        }
    }

    /// Reads output until the screen shows this text, ignoring line breaks.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_for(&format!("the text `{text}`"), |screen| screen_shows(screen, text));
    }

    /// Types keys.
    pub fn type_keys(&mut self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// Sends bytes to the program in one write.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).expect("the terminal takes input");
        self.writer.flush().expect("the terminal takes input");
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("the terminal resizes");
        self.parser.screen_mut().set_size(at_least_1(rows), at_least_1(cols));
    }

    /// Announces a window size without resizing the emulator, which could not hold the largest sizes.
    pub fn set_size_unseen(&self, rows: u16, cols: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("the terminal resizes");
    }

    /// Makes the terminal stop or resume reading, as behind a stalled connection.
    pub fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Release);
    }

    /// Waits for the program's end and reads all its output, until the terminal is closed or silent.
    pub fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(5)) {
                self.process_output(&bytes);
            } else if let Some(status) = self.child.try_wait().expect("it is our child") {
                while let Ok(bytes) = self.output.recv_timeout(QUIET_TIME) {
                    self.process_output(&bytes);
                }
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it never ended\n{}", self.text());
        }
    }

    /// Waits for the program's end without reading its output.
    pub fn wait_without_reading(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it never ended");
            super::pause();
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it is running")
    }

    /// Sends a signal to the program by name, such as `TERM`.
    pub fn send_signal(&self, name: &str) {
        super::send_signal(self.pid(), name);
    }

    /// Returns the program and all processes that it started, by the mark in their environment.
    pub fn process_ids(&self) -> Vec<u32> {
        super::pids_with_mark(&self.environment_mark)
    }

    /// Asserts that the terminal is as it was before the program started.
    pub fn assert_terminal_restored(&self) {
        assert_eq!(self.unrestored_settings(), Vec::<&str>::new());
    }

    /// Waits until the terminal is restored: after a kill, the guardian does that.
    pub fn wait_for_terminal_restored(&mut self) {
        let start = Instant::now();
        while !self.unrestored_settings().is_empty() {
            assert!(start.elapsed() < DEADLINE, "left over: {:?}\n{}", self.unrestored_settings(), self.text());
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(5)) {
                self.process_output(&bytes);
            }
        }
    }

    /// Returns the settings of the terminal that differ from those before the program started.
    fn unrestored_settings(&self) -> Vec<&'static str> {
        let screen = self.screen();
        let now = format!("{:?}", self.master.get_termios().expect("a terminal"));
        let signs = [
            (screen.alternate_screen(), "the alternate screen"),
            (screen.hide_cursor(), "the hidden cursor"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.mouse_protocol_mode() != MouseProtocolMode::None, "mouse reporting"),
            (now != self.initial_settings, "the modes"),
        ];
        signs.into_iter().filter(|(is_left, _)| *is_left).map(|(_, what)| what).collect()
    }

    /// Returns the guardian, which restores the terminal if the program is killed.
    pub fn guardian_pid(&self) -> Option<u32> {
        self.process_ids().into_iter().find(|pid| super::name_of(*pid) == "guardian")
    }

    /// Waits until no process of the program is left; panics at the deadline.
    pub fn assert_no_process_left(&self) {
        let start = Instant::now();
        while !self.process_ids().is_empty() {
            assert!(start.elapsed() < DEADLINE, "left running: {:?}", self.process_ids());
            super::pause();
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.process_ids().into_iter().for_each(super::kill);
        let _ = self.child.wait();
    }
}

fn at_least_1(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap_or(NonZero::<u16>::MIN)
}

/// Returns whether the screen shows this text, ignoring line breaks.
pub fn screen_shows(screen: &Screen, text: &str) -> bool {
    screen.contents().split_whitespace().collect::<Vec<_>>().join(" ").contains(text)
}
