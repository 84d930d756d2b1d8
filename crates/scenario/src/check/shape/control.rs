//! Steps that say which steps are done, and how often.

use super::Unless::Then;
use super::Value::Number;
use super::{AT, Block, Family, Slot, may, must, of, shape};
use crate::check::number::{TIMES, VALUE, WEIGHT};

const TESTED: Slot = of("tested", "a counter, a queue, or a number such as `task`");

const COMPARED: &[Slot] = &[
    AT,
    may("above", Number(VALUE), Then("one of the three"), "if it is more"),
    may("below", Number(VALUE), Then("one of the three"), "if it is less"),
    may("equals", Number(VALUE), Then("one of the three"), "if it is exactly this"),
];

pub(super) const CONTROL: Family = Family {
    title: "Order and chance",
    shapes: &[
        shape("repeat", "repeat 10 { ... }", "Does the block so many times.")
            .args(&[must("times", Number(TIMES), "how many times")])
            .block(Block::Must),
        shape("forever", "forever { ... }", "Does the block again and again.").block(Block::Must),
        shape("if", "if items above=0 { ... }", "Does the block if the value compares so now, or else the `else`.")
            .args(&[TESTED])
            .props(COMPARED)
            .block(Block::Must),
        shape("while", "while items below=1 { ... }", "Does the block for as long as the value compares so.")
            .args(&[TESTED])
            .props(COMPARED)
            .block(Block::Must),
        shape(
            "when",
            "when order=same { ... }",
            "Does the block if the knob stands at this value, or else the `else`.",
        )
        .knobs()
        .block(Block::Must),
        shape("else", "else { ... }", "What is done otherwise; follows the block of a step that can be left out.")
            .block(Block::Must),
        shape(
            "choose",
            "choose { weight 9 { ... }; weight 1 { ... } }",
            "Does one of its blocks, by chance. Its block holds a `weight` for each way, two at least.",
        )
        .block(Block::Must),
    ],
};

pub(super) const LOOP: Family = Family {
    title: "The thread of an event loop",
    shapes: &[
        shape(
            "blocking",
            "blocking { ... }",
            "Does the block as calls that know of no event loop: when one of them waits, the thread does, and the other \
             tasks with it. Makes a difference for async workers only.",
        )
        .block(Block::Must),
        shape(
            "to-thread",
            "to-thread { ... }",
            "Has a thread beside the event loop do the block, and waits for its end as for anything else. Other workers \
             have a thread, and do it there.",
        )
        .block(Block::Must),
        shape("yield", "yield", "Lets others go on that could, before it goes on itself."),
    ],
};

pub(super) const WAYS: Family = Family {
    title: "Ways of a choice",
    shapes: &[shape("weight", "weight 9 { ... }", "One way of a choice, as likely as its weight among all of them.")
        .args(&[must("weight", Number(WEIGHT), "how likely")])
        .block(Block::Must)],
};
