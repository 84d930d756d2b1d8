//! What is said about a scenario, and its knobs.

use super::IfOmitted::Means;
use super::ValueKind::{Boolean, Special, Text, Words};
use super::{BlockRule, NodeFamily, Parameter, UNLIMITED, ValueKind, node_rule, optional, required};
use crate::check::declarations::CATEGORIES;

pub(super) const WORDS: NodeFamily = NodeFamily {
    title: "Words",
    rules: &[
        node_rule(
            "title",
            "title \"Two locks\"",
            "What the scenario is called where there is room for more than its name.",
        )
        .args(&[required("text", Text, "at most 60 characters fit on a line")]),
        node_rule("about", "about \"What it shows, in a sentence.\"", "What it shows.").args(&[required(
            "text",
            Text,
            "a sentence",
        )]),
        node_rule("group", "group locks", "Where it stands in the list; without it, among the own ones.")
            .args(&[required("group", Words(|| CATEGORIES.map(|(word, _)| word).to_vec()), "one of these")]),
        node_rule(
            "ask",
            "ask \"Will it go on?\" { guess \"yes\" { otherwise }; guess \"no\" { expect deadlock } }",
            "A question to answer before the run, with guesses to choose from.",
        )
        .args(&[required("text", Text, "a question")])
        .block(BlockRule::Optional),
        node_rule(
            "watch",
            "watch \"the queue\" \"the lanes\"",
            "What to look at while it runs. May stand several times.",
        )
        .args(&[required("text", Text, "one thing to look at").max_count(UNLIMITED)]),
        node_rule(
            "try",
            "try \"more workers: it keeps up\" workers=8",
            "What to do, and what that shows. May stand several times. Its properties are knobs to turn for it.",
        )
        .args(&[required("text", Text, "a suggestion").max_count(UNLIMITED)])
        .any_knob(),
    ],
};

const DEFAULT: Parameter = Parameter {
    name: "default",
    value: Special("a number such as `5ms`, `8`, `200/s` or `64KiB`; one of the words of `of`; or text"),
    if_omitted: Means("nothing, which only free text can be"),
    help: "what it is set to unless something else is said; tells what kind of knob it is",
    max_count: 1,
};

const END: ValueKind = Special("a number of the default's unit");

pub(super) const KNOBS: NodeFamily = NodeFamily {
    title: "Knobs",
    rules: &[node_rule(
        "knob",
        "knob hold \"2ms\" min=\"0us\" max=\"100ms\" help=\"...\"",
        "A named value that can be turned: with `--set hold=5ms`, and in the dashboard while the run goes on. `$hold` \
         stands for it wherever a number can. It is a number with a range, a choice of words, or free text.",
    )
    .args(&[required("name", ValueKind::Name, "what it is called"), DEFAULT])
    .props(&[
        optional("min", END, Means("needed for a number, and only for a number"), "the smallest value"),
        optional("max", END, Means("needed for a number, and only for a number"), "the largest value"),
        optional(
            "of",
            Special("2 to 32 words with spaces between"),
            Means("it is no choice"),
            "the words it chooses among",
        ),
        optional("text", Boolean, Means("it is no free text"), "`#true` for free text, such as a path"),
        optional("help", Text, Means("nothing is said"), "what turning it does"),
    ])],
};
