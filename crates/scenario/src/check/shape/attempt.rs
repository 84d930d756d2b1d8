//! Steps that reach out of the program and may fail.

use super::Unless::{Is, Then};
use super::Value::{Number, Own, Text};
use super::{Block, Family, MANY, may, must, shape};
use crate::check::number::{SHARE, TIME, TIMES};

pub(super) const ATTEMPTS: Family = Family {
    title: "Requests and commands",
    shapes: &[
        shape(
            "http-get",
            "http-get site path=\"/{n}\"",
            "Asks a server for something and reads the whole answer. It fails if the server is not there, takes too long \
             or answers with a status of 400 and above; what fails ends its task and no other, unless an `else` follows. \
             A block is what is done when it went well.",
        )
        .args(&[must(
            "from",
            Own("a server of the scenario, a URL with `http://`, or a knob for free text that holds one"),
            "whom it asks",
        )])
        .props(&[
            may("path", Text, Is("/"), "what it asks for; `{n}` is the task's number, `{}` its file"),
            may("timeout", Number(TIME), Is("10s"), "how long the answer may take"),
        ])
        .block(Block::May),
        shape(
            "exec",
            "exec \"gzip\" \"-k\" \"{}\"",
            "Runs a command without a shell and waits for its end, if --allow-exec allows it. It fails if it ends with \
             anything but 0; what fails ends its task and no other, unless an `else` follows. All that it started in its \
             process group ends with it. A block is what is done when it went well.",
        )
        .args(&[must(
            "command",
            Own("a text, or a knob for free text: in the first place all words of a command, else one argument"),
            "the program and its arguments. `{}` is the task's file, `{/}` its name alone, `{//}` its directory, `{.}` \
             the file without its ending, `{/.}` its name without, `{n}` the task's number",
        )
        .times(MANY)])
        .props(&[may("timeout", Number(TIME), Then("as long as it takes"), "how long it may take before it is killed")])
        .block(Block::May),
        shape(
            "retry",
            "retry 3 backoff=\"100ms\" { ... }",
            "Does the block, and does it again when a step in it fails. Fails when the last try does, unless an `else` \
             follows.",
        )
        .args(&[must("times", Number(TIMES), "how many more times it may be tried")])
        .props(&[
            may("backoff", Number(TIME), Is("0us"), "the pause before the second try; each further one is twice as long"),
            may("jitter", Number(SHARE), Is("0"), "the share of each pause that is left to chance, such as \"1/2\""),
        ])
        .block(Block::Must),
    ],
};
