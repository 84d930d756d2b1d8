//! Steps that may fail: requests, commands, and retries.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Number, Special, Text};
use super::{BlockRule, NodeFamily, UNLIMITED, optional, required, step_rule};
use crate::check::Checker;
use crate::check::number_rule::{SHARE, TIME, TIMES};

pub(super) const ATTEMPTS: NodeFamily = NodeFamily {
    title: "Requests and commands",
    rules: &[
        step_rule(
            "http-get",
            "http-get site path=\"/{n}\"",
            "Sends a request to a server and reads the whole answer. It fails if the server is unreachable, takes too \
             long, or answers with status 400 or above. A failure ends the task, but no other task, unless an `else` \
             follows. The block runs after a success.",
            Checker::http_get_step,
        )
        .args(&[required(
            "from",
            Special("a server of the scenario, a URL with `http://`, or a knob for free text with such a URL"),
            "the server",
        )])
        .props(&[
            optional("path", Text, SameAs("/"), "the path; `{n}` is the task's number, `{}` its file"),
            optional("timeout", Number(TIME), SameAs("10s"), "longest wait for the answer"),
        ])
        .block(BlockRule::Optional)
        .allows_else(),
        step_rule(
            "exec",
            "exec \"gzip\" \"-k\" \"{}\"",
            "Runs a command without a shell and waits for its end. Needs --allow-exec. It fails if the exit code is not 0. \
             A failure ends the task, but no other task, unless an `else` follows. The block runs after a success. All \
             processes of the command's process group end with it.",
            Checker::exec_step,
        )
        .args(&[required(
            "command",
            Special(
                "text, or a knob for free text: as the first value it holds the whole command, later it is one argument",
            ),
            "the program and its arguments. `{}` is the task's file, `{/}` its name without the directory, `{//}` its \
             directory, `{.}` the file without its extension, `{/.}` its name without directory and extension, `{n}` \
             the task's number",
        )
        .max_count(UNLIMITED)])
        .props(&[optional("timeout", Number(TIME), Means("no limit"), "how long it may run before it is killed")])
        .block(BlockRule::Optional)
        .allows_else(),
        step_rule(
            "retry",
            "retry 3 backoff=\"100ms\" { ... }",
            "Runs the block, and runs it again if a step in it fails. Fails if the last try fails, unless an `else` \
             follows.",
            Checker::retry_step,
        )
        .args(&[required("times", Number(TIMES), "most tries after the first")])
        .props(&[
            optional("backoff", Number(TIME), SameAs("0us"), "pause before the second try; it doubles with every try"),
            optional("jitter", Number(SHARE), SameAs("0"), "random share of each pause, such as \"1/2\""),
        ])
        .block(BlockRule::Required)
        .allows_else(),
    ],
};
