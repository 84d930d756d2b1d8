//! Steps that say which steps are done, and how often.

use super::IfOmitted::Means;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, Parameter, node_rule, optional, required, resource_name};
use crate::check::number_rule::{TIMES, VALUE, WEIGHT};

const TESTED: Parameter = resource_name("tested", "a counter, a queue, or a number such as `task`");

const COMPARED: &[Parameter] = &[
    AT,
    optional("above", Number(VALUE), Means("one of the three"), "if it is more"),
    optional("below", Number(VALUE), Means("one of the three"), "if it is less"),
    optional("equals", Number(VALUE), Means("one of the three"), "if it is exactly this"),
];

pub(super) const CONTROL: NodeFamily = NodeFamily {
    title: "Order and chance",
    rules: &[
        node_rule("repeat", "repeat 10 { ... }", "Does the block so many times.")
            .args(&[required("times", Number(TIMES), "how many times")])
            .block(BlockRule::Required),
        node_rule("forever", "forever { ... }", "Does the block again and again.").block(BlockRule::Required),
        node_rule("if", "if items above=0 { ... }", "Does the block if the value compares so now, or else the `else`.")
            .args(&[TESTED])
            .props(COMPARED)
            .block(BlockRule::Required),
        node_rule("while", "while items below=1 { ... }", "Does the block for as long as the value compares so.")
            .args(&[TESTED])
            .props(COMPARED)
            .block(BlockRule::Required),
        node_rule(
            "when",
            "when order=same { ... }",
            "Does the block if the knob stands at this value, or else the `else`.",
        )
        .any_knob()
        .block(BlockRule::Required),
        node_rule("else", "else { ... }", "What is done otherwise; follows the block of a step that can be left out.")
            .block(BlockRule::Required),
        node_rule(
            "choose",
            "choose { weight 9 { ... }; weight 1 { ... } }",
            "Does one of its blocks, by chance. Its block holds a `weight` for each way, two at least.",
        )
        .block(BlockRule::Required),
    ],
};

pub(super) const LOOP: NodeFamily = NodeFamily {
    title: "The thread of an event loop",
    rules: &[
        node_rule(
            "blocking",
            "blocking { ... }",
            "Does the block as calls that know of no event loop: when one of them waits, the thread does, and the other \
             tasks with it. Makes a difference for async workers only.",
        )
        .block(BlockRule::Required),
        node_rule(
            "to-thread",
            "to-thread { ... }",
            "Has a thread beside the event loop do the block, and waits for its end as for anything else. Other workers \
             have a thread, and do it there.",
        )
        .block(BlockRule::Required),
        node_rule("yield", "yield", "Lets others go on that could, before it goes on itself."),
    ],
};

pub(super) const WAYS: NodeFamily = NodeFamily {
    title: "Ways of a choice",
    rules: &[node_rule(
        "weight",
        "weight 9 { ... }",
        "One way of a choice, as likely as its weight among all of them.",
    )
    .args(&[required("weight", Number(WEIGHT), "how likely")])
    .block(BlockRule::Required)],
};
