//! The tables of all nodes of a tour, by which it is read and documented.

use super::super::grammar::IfOmitted::{Means, SameAs};
use super::super::grammar::ValueKind::{NameOf, Number, Special, Text, Words};
use super::super::grammar::{BlockRule, NodeContext, NodeFamily, Parameter, node_rule, optional, required};
use super::super::number_rule::{HOUR, NumberRule, TIME};
use crate::tour::TOUR_PANES;
use contend_trace::{FindingId, Span};

/// How long a tour can wait.
pub(super) const WAIT_TIME: NumberRule = NumberRule { min: 1e8, max: HOUR, index: false, ..TIME };

/// How much time can be in sight.
pub(super) const WINDOW: NumberRule = NumberRule { min: 1e4, index: false, ..TIME };

/// The moments of a run that the cursor can be at.
pub(super) const MOMENT: NumberRule = NumberRule { index: false, ..TIME };

/// The longest wait for something that may not come.
pub(super) const PATIENCE: Span = Span::from_millis(20_000);

/// The words for the kinds of workers, as of `--as`.
pub(super) const EXECUTORS: [&str; 4] = ["threads", "processes", "async", "dask"];

fn executors() -> Vec<&'static str> {
    EXECUTORS.to_vec()
}

fn panes() -> Vec<&'static str> {
    TOUR_PANES.to_vec()
}

pub(super) fn findings() -> Vec<&'static str> {
    FindingId::ALL.map(FindingId::as_str).to_vec()
}

const FINDING: Parameter = optional("finding", Words(findings), Means("no finding"), "the finding, as in reports");

/// At the top of a tour.
pub(in crate::check) const TOUR_TOP: NodeContext = NodeContext {
    name: "at the top of a tour",
    families: &[NodeFamily {
        title: "The tour",
        rules: &[node_rule("tour", "tour \"Deadlocks in five minutes\" { ... }", "The tour; a file has one.")
            .args(&[required("title", Text, "its title, 60 characters at most")])
            .block(BlockRule::Required)],
    }],
};

/// In the block of a tour.
pub(in crate::check) const TOUR: NodeContext = NodeContext {
    name: "in a tour",
    families: &[NodeFamily {
        title: "Scenes",
        rules: &[
            node_rule("about", "about \"What a queue tells about a pool.\"", "One sentence for `contend demo --list`.")
                .args(&[required("text", Text, "the sentence")]),
            node_rule(
                "scene",
                "scene deadlock gap=\"5ms\" { ... }",
                "Starts a run, and goes through the actions of its block one after the other. After the last one the \
                 tour waits for a key, unless it is a `wait`.",
            )
            .args(&[required(
                "scenario",
                Special("a name of `contend list`, or a file: a path relative to the tour's, with `/` or `.kdl`"),
                "what to run",
            )])
            .props(&[optional(
                "as",
                Words(executors),
                Means("as in the scenario"),
                "what the workers are, as for `contend run --as`",
            )])
            .any_knob()
            .block(BlockRule::Required),
        ],
    }],
};

/// In the block of a scene.
pub(in crate::check) const SCENE: NodeContext =
    NodeContext { name: "in a scene", families: &[WORDS_AND_WAITS, ACTIONS] };

const WORDS_AND_WAITS: NodeFamily = NodeFamily {
    title: "Captions and waits",
    rules: &[
        node_rule(
            "caption",
            "caption \"Both wait. *Neither can go on.*\"",
            "Shows a text below the run, until the next caption. Words between `*` are emphasised.",
        )
        .args(&[required("text", Text, "the words: 210 characters at most, three lines of 80 columns")]),
        node_rule(
            "wait",
            "wait key",
            "Holds up the scene: `wait key` for the presenter's key, `wait \"2s\"` for a time, `wait finding=deadlock` \
             for a finding of the run, `wait \"rate(pool) > 100/s\"` for a condition as in `expect`, `wait end` for the \
             end of the run. The presenter's key ends any wait.",
        )
        .args(&[optional("what", Special("`key`, `end`, a time or a condition"), Means("a finding is given"), "what to wait for")])
        .props(&[
            FINDING,
            optional(
                "within",
                Number(WAIT_TIME),
                SameAs("20s"),
                "longest wait for a finding, a condition or the end; then the caption says so, and the tour goes on",
            ),
        ]),
    ],
};

const ACTIONS: NodeFamily = NodeFamily {
    title: "What the keys do",
    rules: &[
        node_rule("turn", "turn workers 4", "Turns a knob, as `+` and `-` do.").args(&[
            required("knob", NameOf("a knob"), "its name"),
            required("value", Special("a value of the knob"), "its new value"),
        ]),
        node_rule(
            "zoom",
            "zoom \"50ms\"",
            "Zooms so that about this much time is in sight. Without it, the data decide: single turns can be seen, and \
             a deadlock shows its last ones. `zoom fit` shows the whole run, as the key `z` does.",
        )
        .args(&[required("width", Special("`fit` or a time from 10us to 1h"), "the time from left to right")]),
        node_rule(
            "point",
            "point lane=left",
            "Chooses and marks a row, or opens a pane; `point nothing` ends that.",
        )
        .args(&[optional("what", Special("`nothing`"), Means("a row or a pane is given"), "nothing at all")])
        .props(&[
            optional("lane", NameOf("a worker"), Means("none"), "its name on the screen"),
            optional("lock", NameOf("a lock"), Means("none"), "its name on the screen"),
            optional("queue", NameOf("a queue or pipe"), Means("none"), "its name on the screen"),
            optional("pane", Words(panes), Means("none"), "the pane"),
        ]),
        node_rule(
            "cursor",
            "cursor \"120ms\"",
            "Moves the cursor to a moment of the run, or to where a finding shows; every figure is then of that moment.",
        )
        .args(&[optional("moment", Number(MOMENT), Means("a finding is given"), "time since the start of the run")])
        .props(&[FINDING]),
        node_rule("slow-motion", "slow-motion", "Shows the last moments step by step, as the key `m` does."),
        node_rule("freeze", "freeze", "Freezes the picture, as Space does in the dashboard."),
        node_rule("live", "live", "Ends slow motion, freezing and the cursor: follows the newest again."),
        node_rule("restart", "restart", "Restarts the run with the current knobs."),
        node_rule("kill", "kill worker-2", "Kills a worker, as the key `x` does.")
            .args(&[required("worker", NameOf("a worker"), "its name on the screen")]),
    ],
};

/// All places of a tour, for messages that say where a misplaced word belongs.
pub(super) const CONTEXTS: [NodeContext; 3] = [TOUR_TOP, TOUR, SCENE];
