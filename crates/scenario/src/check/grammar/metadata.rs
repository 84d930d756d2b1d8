//! Texts about a scenario, and its knobs.

use super::IfOmitted::Means;
use super::ValueKind::{Boolean, Special, Text, Words};
use super::{BlockRule, NodeFamily, Parameter, UNLIMITED, ValueKind, node_rule, optional, required};
use crate::check::declarations::CATEGORIES;

pub(super) const WORDS: NodeFamily = NodeFamily {
    title: "Texts",
    rules: &[
        node_rule("title", "title \"Two locks\"", "The scenario's name where there is room for more than a file name.")
            .args(&[required("text", Text, "at most 60 characters fit on a line")]),
        node_rule("about", "about \"What it shows, in a sentence.\"", "What the scenario shows.").args(&[required(
            "text",
            Text,
            "a sentence",
        )]),
        node_rule(
            "group",
            "group locks",
            "The scenario's group in the list; without it, the group of your own scenarios.",
        )
        .args(&[required("group", Words(|| CATEGORIES.map(|(word, _)| word).to_vec()), "the group")]),
        node_rule(
            "ask",
            "ask \"Will it deadlock?\" { guess \"yes\" { expect deadlock }; guess \"no\" { otherwise } }",
            "A question to answer before the run, with guesses to choose from.",
        )
        .args(&[required("text", Text, "a question")])
        .block(BlockRule::Optional),
        node_rule("watch", "watch \"the queue\" \"the lanes\"", "What to look at during the run. Can be repeated.")
            .args(&[required("text", Text, "one thing to look at").max_count(UNLIMITED)]),
        node_rule(
            "try",
            "try \"more workers: it keeps up\" workers=8",
            "Something to try, and what it shows. Its properties are the knobs to set for it. Can be repeated.",
        )
        .args(&[required("text", Text, "a suggestion").max_count(UNLIMITED)])
        .any_knob(),
    ],
};

const DEFAULT: Parameter = Parameter {
    name: "default",
    value: Special("a number such as `5ms`, `8`, `200/s` or `64KiB`; one of the words of `of`; or text"),
    if_omitted: Means("no text; only for free text"),
    help: "its initial value; decides which kind of knob it is",
    max_count: 1,
};

const END: ValueKind = Special("a number in the unit of the default");

pub(super) const KNOBS: NodeFamily = NodeFamily {
    title: "Knobs",
    rules: &[node_rule(
        "knob",
        "knob hold \"2ms\" min=\"0us\" max=\"100ms\" help=\"...\"",
        "A parameter: a number with a range, a choice of words, or free text. Set it with `--set hold=5ms`, or turn it \
         in the dashboard during the run. `$hold` stands for its value wherever a number is allowed.",
    )
    .args(&[required("name", ValueKind::Name, "its name"), DEFAULT])
    .props(&[
        optional("min", END, Means("required for a number"), "smallest value"),
        optional("max", END, Means("required for a number"), "largest value"),
        optional("of", Special("2 to 32 words with spaces between"), Means("not a choice"), "the words to choose from"),
        optional("text", Boolean, Means("not free text"), "`#true` for free text, such as a path"),
        optional("help", Text, Means("no description"), "what the knob changes"),
    ])],
};
