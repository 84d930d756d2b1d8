//! Running commands.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use crate::context::RunContext;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::steps::attempt::missing_item;
use crate::template::TemplateValues;
use contend_platform::limits::describe_io_error;
use contend_platform::{CommandOptions, CommandResult, Exit, run_command};
use contend_scenario::{Expr, Template, TextExpr};
use contend_trace::signal_name;
use contend_trace::{EventKind, Span, State};

/// Most characters of what a command printed that its failure tells.
const MAX_OUTPUT_CHARS: usize = 400;

impl StepRunner {
    /// Runs a command and waits for its end.
    pub(crate) fn run_command_step(&mut self, command: &[TextExpr], timeout: Option<&Expr>) -> StepResult {
        check_exec_allowed(self.run.allow_exec)?;
        let words = command_words(self.run, command, &self.template_values())?;
        let shown = words.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
        let limit = timeout.map(|limit| Duration::from_nanos(limit.eval(self) as u64));
        let ring = self.ring();
        self.recorder.block(State::Io, None);
        let ran = run_command(
            &words,
            &CommandOptions {
                timeout: limit,
                on_group_change: |group: Option<u32>| ring.set_command_group(group.unwrap_or(0)),
                should_stop: || self.should_stop(),
            },
        );
        self.recorder.resume();
        let ran = ran.map_err(|e| StopReason::Failed(format!("{shown}: {}", not_started(&e))))?;
        let ok = ran.exit == Exit::Code(0) && !ran.timed_out;
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::CommandRan { ok, cpu: Span(ran.cpu_nanos) });
        if self.should_stop() {
            return Err(StopReason::StopRequested);
        }
        if ok { Ok(()) } else { Err(StopReason::Failed(describe_failure(&shown, &words, &ran, limit))) }
    }
}

/// Refuses to run a command in a run that was started without the permission. The plan refuses such a run already, by
/// looking through all steps; this check holds even if it overlooked one.
fn check_exec_allowed(is_allowed: bool) -> StepResult {
    let refused = || StopReason::Failed("this run was started without --allow-exec: no command is run".to_owned());
    if is_allowed { Ok(()) } else { Err(refused()) }
}

/// The command and its arguments, with their places filled in. A knob in the place of the command is several words.
fn command_words(
    run: &RunContext,
    command: &[TextExpr],
    values: &TemplateValues<'_>,
) -> Result<Vec<OsString>, StopReason> {
    let filled = |template: &Template| values.fill(template).map_err(|place| missing_item("exec", place));
    let mut words = Vec::with_capacity(command.len());
    for (at, text) in command.iter().enumerate() {
        match text {
            TextExpr::Template(template) => words.push(filled(template)?),
            TextExpr::Knob(knob) if at == 0 => {
                for word in run.knob_text(*knob).split_whitespace() {
                    words.push(filled(&Template::parse(word))?);
                }
            }
            TextExpr::Knob(knob) => words.push(run.knob_text(*knob).into()),
        }
    }
    if words.first().is_none_or(|program| program.is_empty()) {
        return Err(StopReason::Failed("there is no command: `exec` has got an empty text".to_owned()));
    }
    Ok(words)
}

fn not_started(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such command".to_owned(),
        io::ErrorKind::PermissionDenied => "this is no command that may be run".to_owned(),
        _ => format!("cannot be started: {}", describe_io_error(error)),
    }
}

/// What it ended with, on what, and the last it printed.
fn describe_failure(shown: &str, words: &[OsString], ran: &CommandResult, limit: Option<Duration>) -> String {
    let how = match (ran.exit, limit.filter(|_| ran.timed_out)) {
        (_, Some(limit)) => format!("not ready within {}", humantime::format_duration(limit)),
        (Exit::Code(code), _) => format!("exit {code}"),
        (Exit::Signal(signal), _) => format!("killed by {}", signal_name(signal)),
    };
    let last = words.last().filter(|_| words.len() > 1);
    let on = last.map(|word| format!(" {}", word.to_string_lossy())).unwrap_or_default();
    let printed = String::from_utf8_lossy(&ran.output_tail);
    let printed = printed.trim();
    let from = printed.char_indices().rev().nth(MAX_OUTPUT_CHARS - 1).map_or(0, |(at, _)| at);
    let cut = if from > 0 { "... " } else { "" };
    let said = if printed.is_empty() { String::new() } else { format!(": {cut}{}", &printed[from..]) };
    let dots = if words.len() > 2 { " ..." } else { "" };
    format!("{shown}{dots}{on}: {how}{said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(exit: Exit, printed: &str) -> CommandResult {
        CommandResult { exit, cpu_nanos: 0, output_tail: printed.into(), timed_out: false }
    }

    #[test]
    fn command_is_refused_without_allow_exec() {
        assert!(check_exec_allowed(true).is_ok());
        let Err(StopReason::Failed(why)) = check_exec_allowed(false) else { panic!("it runs") };
        assert_eq!(why, "this run was started without --allow-exec: no command is run");
    }

    #[test]
    fn a_failure_says_what_on_what_and_why() {
        let words: Vec<OsString> = ["gzip", "-k", "a.txt"].map(OsString::from).into();
        let said = describe_failure("gzip", &words, &ran(Exit::Code(1), "gzip: a.txt: not there\n"), None);
        assert_eq!(said, "gzip ... a.txt: exit 1: gzip: a.txt: not there");
        assert_eq!(describe_failure("gzip", &words[..1], &ran(Exit::Signal(15), ""), None), "gzip: killed by SIGTERM");
        let late = CommandResult { timed_out: true, ..ran(Exit::Signal(9), "") };
        let said = describe_failure("gzip", &words, &late, Some(Duration::from_millis(1500)));
        assert_eq!(said, "gzip ... a.txt: not ready within 1s 500ms");
    }

    #[test]
    fn of_a_long_speech_the_end_is_told() {
        let words = [OsString::from("x")];
        let said = describe_failure("x", &words, &ran(Exit::Code(2), &format!("{}end", "é".repeat(2_000))), None);
        assert!(said.starts_with("x: exit 2: ... é") && said.ends_with("end"), "{said}");
        assert!(said.chars().count() < MAX_OUTPUT_CHARS + 20);
    }
}
