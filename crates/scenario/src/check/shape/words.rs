//! What is said about a scenario, and its knobs.

use super::Unless::Then;
use super::Value::{Own, Switch, Text, Words};
use super::{Block, Family, MANY, Slot, Value, may, must, shape};
use crate::check::declare::GROUPS;

pub(super) const WORDS: Family = Family {
    title: "Words",
    shapes: &[
        shape(
            "title",
            "title \"Two locks\"",
            "What the scenario is called where there is room for more than its name.",
        )
        .args(&[must("text", Text, "at most 60 characters fit on a line")]),
        shape("about", "about \"What it shows, in a sentence.\"", "What it shows.").args(&[must(
            "text",
            Text,
            "a sentence",
        )]),
        shape("group", "group locks", "Where it stands in the list; without it, among the own ones.").args(&[must(
            "group",
            Words(|| GROUPS.map(|(word, _)| word).to_vec()),
            "one of these",
        )]),
        shape(
            "ask",
            "ask \"Will it go on?\" { guess \"yes\" { otherwise }; guess \"no\" { expect deadlock } }",
            "A question to answer before the run, with guesses to choose from.",
        )
        .args(&[must("text", Text, "a question")])
        .block(Block::May),
        shape("watch", "watch \"the queue\" \"the lanes\"", "What to look at while it runs. May stand several times.")
            .args(&[must("text", Text, "one thing to look at").times(MANY)]),
        shape(
            "try",
            "try \"more workers: it keeps up\" workers=8",
            "What to do, and what that shows. May stand several times. Its properties are knobs to turn for it.",
        )
        .args(&[must("text", Text, "a suggestion").times(MANY)])
        .knobs(),
    ],
};

const DEFAULT: Slot = Slot {
    name: "default",
    value: Own("a number such as `5ms`, `8`, `200/s` or `64KiB`; one of the words of `of`; or text"),
    unless: Then("nothing, which only free text can be"),
    help: "what it is set to unless something else is said; tells what kind of knob it is",
    times: 1,
};

const END: Value = Own("a number of the default's unit");

pub(super) const KNOBS: Family = Family {
    title: "Knobs",
    shapes: &[shape(
        "knob",
        "knob hold \"2ms\" min=\"0us\" max=\"100ms\" help=\"...\"",
        "A named value that can be turned: with `--set hold=5ms`, and in the dashboard while the run goes on. `$hold` \
         stands for it wherever a number can. It is a number with a range, a choice of words, or free text.",
    )
    .args(&[must("name", Value::Name, "what it is called"), DEFAULT])
    .props(&[
        may("min", END, Then("needed for a number, and only for a number"), "the smallest value"),
        may("max", END, Then("needed for a number, and only for a number"), "the largest value"),
        may("of", Own("2 to 32 words with spaces between"), Then("it is no choice"), "the words it chooses among"),
        may("text", Switch, Then("it is no free text"), "`#true` for free text, such as a path"),
        may("help", Text, Then("nothing is said"), "what turning it does"),
    ])],
};
