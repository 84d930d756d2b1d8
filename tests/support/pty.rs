//! The program in a real pseudo-terminal, with a terminal emulator looking at what it draws.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use vt100::{MouseProtocolMode, Parser, Screen};

/// Long enough for the slowest machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_mins(1);

/// A program in a terminal. Whatever a test does, nothing of it is left running.
pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: Parser,
    child: Box<dyn Child + Send + Sync>,
    /// In the environment of the program and of all that it starts.
    mark: String,
    /// How the terminal was set before the program came.
    before: String,
}

impl Pty {
    /// `contend` with these arguments in a terminal of `rows` x `cols`.
    pub fn contend(args: &[&str], rows: u16, cols: u16) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
        command.args(args);
        Self::start(command, rows, cols)
    }

    /// Any program.
    pub fn start(command: CommandBuilder, rows: u16, cols: u16) -> Self {
        Self::start_as(command, "xterm-256color", rows, cols)
    }

    /// Any program, told that its terminal is this one.
    pub fn start_as(mut command: CommandBuilder, term: &str, rows: u16, cols: u16) -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
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
        let read = move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
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
            parser: Parser::new(at_least_1(rows), at_least_1(cols), 0),
            child,
            mark,
            before,
            master: pair.master,
        }
    }

    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// What the screen shows now, as text.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// Reads what the program draws until `wanted` holds; panics at the deadline, with the screen.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let start = Instant::now();
        while !wanted(self.screen()) {
            assert!(start.elapsed() < DEADLINE, "never seen: {what}\n{}", self.text());
            match self.output.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(_) if start.elapsed() < DEADLINE => {}
                Err(e) => panic!("{e} before: {what}\n{}", self.text()),
            }
        }
    }

    /// Reads until the screen shows this text, however it is broken into lines.
    pub fn until_text(&mut self, text: &str) {
        self.until(&format!("the text `{text}`"), |screen| shows(screen, text));
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the terminal takes input");
        self.writer.flush().expect("the terminal takes input");
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("the terminal resizes");
        self.parser.screen_mut().set_size(at_least_1(rows), at_least_1(cols));
    }

    /// Waits for the program's end, taking what it still draws.
    pub fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(5)) {
                self.parser.process(&bytes);
            } else if let Some(status) = self.child.try_wait().expect("it is our child") {
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                    self.parser.process(&bytes);
                }
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "it never ended\n{}", self.text());
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it is running")
    }

    /// Sends a signal to the program by name, as a shell would.
    pub fn signal(&self, name: &str) {
        super::signal(self.pid(), name);
    }

    /// Every process that has this terminal's mark: the program and all that it started.
    pub fn family(&self) -> Vec<u32> {
        super::marked(&self.mark)
    }

    /// Asserts that the terminal is as it was before the program came.
    pub fn assert_terminal_is_back(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "still in the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None, "the mouse is still reported");
        let now = format!("{:?}", self.master.get_termios().expect("a terminal"));
        assert_eq!(now, self.before, "the terminal's settings differ");
    }

    /// Waits until nothing of the program is left.
    pub fn assert_nobody_is_left(&self) {
        let start = Instant::now();
        while !self.family().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(10), "left running: {:?}", self.family());
            std::thread::yield_now();
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.family().into_iter().for_each(super::kill);
        let _ = self.child.wait();
    }
}

fn at_least_1(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap_or(NonZero::<u16>::MIN)
}

/// Whether the screen shows this text, however it is broken into lines.
pub fn shows(screen: &Screen, text: &str) -> bool {
    screen.contents().split_whitespace().collect::<Vec<_>>().join(" ").contains(text)
}
