//! Steps that reach out of the program and may fail.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Number, Special, Text};
use super::{BlockRule, NodeFamily, UNLIMITED, node_rule, optional, required};
use crate::check::number_rule::{SHARE, TIME, TIMES};

pub(super) const ATTEMPTS: NodeFamily = NodeFamily {
    title: "Requests and commands",
    rules: &[
        node_rule(
            "http-get",
            "http-get site path=\"/{n}\"",
            "Asks a server for something and reads the whole answer. It fails if the server is not there, takes too long \
             or answers with a status of 400 and above; what fails ends its task and no other, unless an `else` follows. \
             A block is what is done when it went well.",
        )
        .args(&[required(
            "from",
            Special("a server of the scenario, a URL with `http://`, or a knob for free text that holds one"),
            "whom it asks",
        )])
        .props(&[
            optional("path", Text, SameAs("/"), "what it asks for; `{n}` is the task's number, `{}` its file"),
            optional("timeout", Number(TIME), SameAs("10s"), "how long the answer may take"),
        ])
        .block(BlockRule::Optional),
        node_rule(
            "exec",
            "exec \"gzip\" \"-k\" \"{}\"",
            "Runs a command without a shell and waits for its end, if --allow-exec allows it. It fails if it ends with \
             anything but 0; what fails ends its task and no other, unless an `else` follows. All that it started in its \
             process group ends with it. A block is what is done when it went well.",
        )
        .args(&[required(
            "command",
            Special("a text, or a knob for free text: in the first place all words of a command, else one argument"),
            "the program and its arguments. `{}` is the task's file, `{/}` its name alone, `{//}` its directory, `{.}` \
             the file without its ending, `{/.}` its name without, `{n}` the task's number",
        )
        .max_count(UNLIMITED)])
        .props(&[optional("timeout", Number(TIME), Means("as long as it takes"), "how long it may take before it is killed")])
        .block(BlockRule::Optional),
        node_rule(
            "retry",
            "retry 3 backoff=\"100ms\" { ... }",
            "Does the block, and does it again when a step in it fails. Fails when the last try does, unless an `else` \
             follows.",
        )
        .args(&[required("times", Number(TIMES), "how many more times it may be tried")])
        .props(&[
            optional("backoff", Number(TIME), SameAs("0us"), "the pause before the second try; each further one is twice as long"),
            optional("jitter", Number(SHARE), SameAs("0"), "the share of each pause that is left to chance, such as \"1/2\""),
        ])
        .block(BlockRule::Required),
    ],
};
