//! Steps that decide which steps a worker runs, and how often.

use super::IfOmitted::Means;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, Parameter, node_rule, optional, required, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::{TIMES, VALUE, WEIGHT};
use crate::program::{LoopStep, Step};

const TESTED: Parameter = resource_name("tested", "a counter, a queue, or a number such as `task`");

const COMPARED: &[Parameter] = &[
    AT,
    optional("above", Number(VALUE), Means("one of the three"), "if it is more than this"),
    optional("below", Number(VALUE), Means("one of the three"), "if it is less than this"),
    optional("equals", Number(VALUE), Means("one of the three"), "if it is exactly this"),
];

pub(super) const CONTROL: NodeFamily = NodeFamily {
    title: "Control flow",
    rules: &[
        step_rule("repeat", "repeat 10 { ... }", "Runs the block a number of times.", Checker::repeat_step)
            .args(&[required("times", Number(TIMES), "how many times")])
            .block(BlockRule::Required),
        step_rule("forever", "forever { ... }", "Runs the block again and again.", |checker, node| {
            Some(Step::Forever(checker.block(node)))
        })
        .block(BlockRule::Required),
        step_rule(
            "if",
            "if items above=0 { ... }",
            "Runs the block if the comparison is true now, otherwise the `else`.",
            Checker::if_step,
        )
        .args(&[TESTED])
        .props(COMPARED)
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "while",
            "while items below=1 { ... }",
            "Runs the block again and again while the comparison is true.",
            Checker::while_step,
        )
        .args(&[TESTED])
        .props(COMPARED)
        .block(BlockRule::Required),
        step_rule(
            "spin",
            "spin { until items above=0 }",
            "Polls without a pause until one of the comparisons in its block is true. It keeps its thread, so tasks \
             need `to-thread` around it.",
            Checker::spin_step,
        )
        .block(BlockRule::Required),
        step_rule(
            "when",
            "when order=same { ... }",
            "Runs the block if the knob has this value, otherwise the `else`.",
            Checker::when_step,
        )
        .any_knob()
        .block(BlockRule::Required)
        .allows_else(),
        node_rule(
            "else",
            "else { ... }",
            "The alternative to the block before it. It can follow a step that runs its block only in some cases.",
        )
        .block(BlockRule::Required),
        step_rule(
            "choose",
            "choose { weight 9 { ... }; weight 1 { ... } }",
            "Runs one of its branches at random. The block has a `weight` for each branch, two at least.",
            Checker::choose_step,
        )
        .block(BlockRule::Required),
    ],
};

pub(super) const LOOP: NodeFamily = NodeFamily {
    title: "The thread of an event loop",
    rules: &[
        step_rule(
            "blocking",
            "blocking { ... }",
            "Runs the block as blocking calls: while it waits, its thread waits too, and so do the other tasks on that \
             thread. Makes a difference for async workers only.",
            |checker, node| Some(Step::Loop(LoopStep::Blocking(checker.block(node)))),
        )
        .block(BlockRule::Required),
        step_rule(
            "to-thread",
            "to-thread { ... }",
            "Hands the block to a thread beside the event loop, and waits for its end like for anything else. If all \
             `blocking-threads` of the `runtime` are in use, waits for one first. Other workers have a thread of their \
             own and run the block there.",
            |checker, node| Some(Step::Loop(LoopStep::ToThread(checker.block(node)))),
        )
        .block(BlockRule::Required),
        step_rule("yield", "yield", "Lets other workers that are ready run first.", |_, _| {
            Some(Step::Loop(LoopStep::Yield))
        }),
    ],
};

pub(super) const UNTIL: NodeFamily = NodeFamily {
    title: "Comparisons",
    rules: &[node_rule("until", "until items above=0", "Ends the polling if the comparison is true.")
        .args(&[TESTED])
        .props(COMPARED)],
};

pub(super) const WAYS: NodeFamily = NodeFamily {
    title: "Branches of a choice",
    rules: &[node_rule(
        "weight",
        "weight 9 { ... }",
        "A branch. Its probability is its weight divided by the sum of all weights.",
    )
    .args(&[required("weight", Number(WEIGHT), "how likely")])
    .block(BlockRule::Required)],
};
