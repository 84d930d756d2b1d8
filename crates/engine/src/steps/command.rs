//! The step `exec`, which runs a command.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use crate::context::RunContext;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::steps::attempt::missing_item;
use crate::work::template::TemplateValues;
use contend_platform::limits::describe_io_error;
use contend_platform::{CommandOptions, CommandResult, Exit, run_command};
use contend_scenario::{Expr, Template, TextExpr};
use contend_trace::signal_name;
use contend_trace::{EventKind, Span, State};

/// The most characters of a command's output in the description of its failure.
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
        let result = run_command(
            &words,
            &CommandOptions {
                timeout: limit,
                on_group_change: |group: Option<u32>| ring.set_command_group(group.unwrap_or(0)),
                should_stop: || self.should_stop(),
            },
        );
        self.recorder.resume();
        let result = result.map_err(|e| StopReason::Failed(format!("{shown}: {}", describe_start_error(&e))))?;
        let ok = result.exit == Exit::Code(0) && !result.timed_out;
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::CommandRan { ok, cpu: Span(result.cpu_nanos) });
        if self.should_stop() {
            return Err(StopReason::StopRequested);
        }
        if ok { Ok(()) } else { Err(StopReason::Failed(describe_failure(&shown, &words, &result, limit))) }
    }
}

/// Refuses to run a command in a run that was started without the permission. The plan refuses such a run already, by
/// looking through all steps; this check holds even if it overlooked one.
fn check_exec_allowed(is_allowed: bool) -> StepResult {
    let refused = || StopReason::Failed("this run was started without --allow-exec: no command is run".to_owned());
    if is_allowed { Ok(()) } else { Err(refused()) }
}

/// Returns the command and its arguments with placeholders filled in. A knob as the command may hold several words.
fn command_words(
    run: &RunContext,
    command: &[TextExpr],
    values: &TemplateValues<'_>,
) -> Result<Vec<OsString>, StopReason> {
    let filled = |template: &Template| values.fill(template).map_err(|placeholder| missing_item("exec", placeholder));
    let mut words = Vec::with_capacity(command.len());
    for (position, text) in command.iter().enumerate() {
        match text {
            TextExpr::Template(template) => words.push(filled(template)?),
            TextExpr::Knob(knob) if position == 0 => {
                for word in run.knob_text(*knob).split_whitespace() {
                    words.push(filled(&Template::parse(word))?);
                }
            }
            TextExpr::Knob(knob) => words.push(run.knob_text(*knob).into()),
        }
    }
    if words.first().is_none_or(|program| program.is_empty()) {
        return Err(StopReason::Failed("the command of `exec` is empty".to_owned()));
    }
    Ok(words)
}

fn describe_start_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "command not found".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied: the file is not executable".to_owned(),
        _ => format!("cannot be started: {}", describe_io_error(error)),
    }
}

/// Describes how a command failed: its last argument, its exit code, and the end of its output.
fn describe_failure(shown: &str, words: &[OsString], result: &CommandResult, limit: Option<Duration>) -> String {
    let reason = match (result.exit, limit.filter(|_| result.timed_out)) {
        (_, Some(limit)) => format!("not finished within {}", humantime::format_duration(limit)),
        (Exit::Code(code), _) => format!("exit {code}"),
        (Exit::Signal(signal), _) => format!("killed by {}", signal_name(signal)),
    };
    let last = words.last().filter(|_| words.len() > 1);
    let argument = last.map(|word| format!(" {}", word.to_string_lossy())).unwrap_or_default();
    let output = String::from_utf8_lossy(&result.output_tail);
    let output = output.trim();
    let from = output.char_indices().rev().nth(MAX_OUTPUT_CHARS - 1).map_or(0, |(at, _)| at);
    let ellipsis = if from > 0 { "... " } else { "" };
    let output = if output.is_empty() { String::new() } else { format!(": {ellipsis}{}", &output[from..]) };
    let dots = if words.len() > 2 { " ..." } else { "" };
    format!("{shown}{dots}{argument}: {reason}{output}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(exit: Exit, output: &str) -> CommandResult {
        CommandResult { exit, cpu_nanos: 0, output_tail: output.into(), timed_out: false }
    }

    #[test]
    fn command_is_refused_without_allow_exec() {
        assert!(check_exec_allowed(true).is_ok());
        let Err(StopReason::Failed(why)) = check_exec_allowed(false) else { panic!("it runs") };
        assert_eq!(why, "this run was started without --allow-exec: no command is run");
    }

    #[test]
    fn failure_names_the_command_its_argument_and_the_reason() {
        let words: Vec<OsString> = ["gzip", "-k", "a.txt"].map(OsString::from).into();
        let text = describe_failure("gzip", &words, &result(Exit::Code(1), "gzip: a.txt: not there\n"), None);
        assert_eq!(text, "gzip ... a.txt: exit 1: gzip: a.txt: not there");
        assert_eq!(
            describe_failure("gzip", &words[..1], &result(Exit::Signal(15), ""), None),
            "gzip: killed by SIGTERM"
        );
        let late = CommandResult { timed_out: true, ..result(Exit::Signal(9), "") };
        let text = describe_failure("gzip", &words, &late, Some(Duration::from_millis(1500)));
        assert_eq!(text, "gzip ... a.txt: not finished within 1s 500ms");
    }

    #[test]
    fn long_output_is_cut_at_its_beginning() {
        let words = [OsString::from("x")];
        let text = describe_failure("x", &words, &result(Exit::Code(2), &format!("{}end", "é".repeat(2_000))), None);
        assert!(text.starts_with("x: exit 2: ... é") && text.ends_with("end"), "{text}");
        assert!(text.chars().count() < MAX_OUTPUT_CHARS + 20);
    }
}
