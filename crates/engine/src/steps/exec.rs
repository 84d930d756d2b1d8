//! Running commands.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use crate::actor::{Actor, Flow, Halt};
use crate::fill::Filling;
use crate::run::Run;
use crate::steps::attempt::no_item;
use contend_platform::limits::told;
use contend_platform::{Exit, Ran, Running, run_command};
use contend_scenario::{Expr, Template, Text};
use contend_trace::signal_name;
use contend_trace::{EventKind, Span, State};

/// Most characters of what a command printed that its failure tells.
const TOLD: usize = 400;

impl Actor {
    /// Runs a command and waits for its end.
    pub(crate) fn exec(&mut self, command: &[Text], timeout: Option<&Expr>) -> Flow {
        let words = words(self.run, command, &self.filling())?;
        let shown = words.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
        let limit = timeout.map(|limit| Duration::from_nanos(limit.eval(self) as u64));
        let ring = self.ring();
        self.pen.block(State::Io, None);
        let ran = run_command(
            &words,
            &Running {
                limit,
                tell: |group: Option<u32>| ring.set_command(group.unwrap_or(0)),
                enough: || self.must_leave(),
            },
        );
        self.pen.resume();
        let ran = ran.map_err(|e| Halt::Failed(format!("{shown}: {}", not_started(&e))))?;
        let ok = ran.exit == Exit::Code(0) && !ran.too_long;
        let at = self.pen.now();
        self.pen.write(at, EventKind::Ran { ok, cpu: Span(ran.cpu) });
        if self.must_leave() {
            return Err(Halt::Asked);
        }
        if ok { Ok(()) } else { Err(Halt::Failed(failure(&shown, &words, &ran, limit))) }
    }
}

/// The command and its arguments, with their places filled in. A knob in the place of the command is several words.
fn words(run: &Run, command: &[Text], filling: &Filling<'_>) -> Result<Vec<OsString>, Halt> {
    let filled = |template: &Template| filling.fill(template).map_err(|place| no_item("exec", place));
    let mut words = Vec::with_capacity(command.len());
    for (at, text) in command.iter().enumerate() {
        match text {
            Text::Template(template) => words.push(filled(template)?),
            Text::Knob(knob) if at == 0 => {
                for word in run.text(*knob).split_whitespace() {
                    words.push(filled(&Template::parse(word))?);
                }
            }
            Text::Knob(knob) => words.push(run.text(*knob).into()),
        }
    }
    if words.first().is_none_or(|program| program.is_empty()) {
        return Err(Halt::Failed("there is no command: `exec` has got an empty text".to_owned()));
    }
    Ok(words)
}

fn not_started(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such command".to_owned(),
        io::ErrorKind::PermissionDenied => "this is no command that may be run".to_owned(),
        _ => format!("cannot be started: {}", told(error)),
    }
}

/// What it ended with, on what, and the last it printed.
fn failure(shown: &str, words: &[OsString], ran: &Ran, limit: Option<Duration>) -> String {
    let how = match (ran.exit, limit.filter(|_| ran.too_long)) {
        (_, Some(limit)) => format!("not ready within {}", humantime::format_duration(limit)),
        (Exit::Code(code), _) => format!("exit {code}"),
        (Exit::Signal(signal), _) => format!("killed by {}", signal_name(signal)),
    };
    let last = words.last().filter(|_| words.len() > 1);
    let on = last.map(|word| format!(" {}", word.to_string_lossy())).unwrap_or_default();
    let printed = String::from_utf8_lossy(&ran.printed);
    let printed = printed.trim();
    let from = printed.char_indices().rev().nth(TOLD - 1).map_or(0, |(at, _)| at);
    let cut = if from > 0 { "... " } else { "" };
    let said = if printed.is_empty() { String::new() } else { format!(": {cut}{}", &printed[from..]) };
    let dots = if words.len() > 2 { " ..." } else { "" };
    format!("{shown}{dots}{on}: {how}{said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(exit: Exit, printed: &str) -> Ran {
        Ran { exit, cpu: 0, printed: printed.into(), too_long: false }
    }

    #[test]
    fn a_failure_says_what_on_what_and_why() {
        let words: Vec<OsString> = ["gzip", "-k", "a.txt"].map(OsString::from).into();
        let said = failure("gzip", &words, &ran(Exit::Code(1), "gzip: a.txt: not there\n"), None);
        assert_eq!(said, "gzip ... a.txt: exit 1: gzip: a.txt: not there");
        assert_eq!(failure("gzip", &words[..1], &ran(Exit::Signal(15), ""), None), "gzip: killed by SIGTERM");
        let late = Ran { too_long: true, ..ran(Exit::Signal(9), "") };
        let said = failure("gzip", &words, &late, Some(Duration::from_millis(1500)));
        assert_eq!(said, "gzip ... a.txt: not ready within 1s 500ms");
    }

    #[test]
    fn of_a_long_speech_the_end_is_told() {
        let words = [OsString::from("x")];
        let said = failure("x", &words, &ran(Exit::Code(2), &format!("{}end", "é".repeat(2_000))), None);
        assert!(said.starts_with("x: exit 2: ... é") && said.ends_with("end"), "{said}");
        assert!(said.chars().count() < TOLD + 20);
    }
}
