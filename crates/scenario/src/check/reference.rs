//! The reference of the language, written from the tables that the checker reads files by.

use std::fmt::Write;

use super::expect::{FINDINGS, MEASURES};
use super::shape::{ASK, Block, Family, GUESS, POOL, Place, STEPS, Shape, Slot, TOP, Unless, Value, WAYS};
use crate::nearest::{all_of, any_of};
use crate::quantity;
use contend_trace::State;

/// What the tables do not hold: how a file looks, names, numbers and formulas.
const HEAD: &str = include_str!("reference/head.md");

/// The reference as Markdown: every node with its values, their ranges and defaults.
pub fn reference() -> String {
    let mut out = HEAD.to_owned();
    place("At the top of a file", TOP, &mut out);
    expectations(&mut out);
    place("In the block of `ask`", ASK, &mut out);
    place("In the block of `guess`", GUESS, &mut out);
    place("In the block of a pool", POOL, &mut out);
    place("Steps", STEPS, &mut out);
    place("In the block of `choose`", WAYS, &mut out);
    out.push_str(include_str!("reference/proof.md"));
    out
}

fn place(title: &str, place: Place, out: &mut String) {
    let _ = write!(out, "\n## {title}\n");
    for family in place.families {
        nodes(family, out);
    }
}

fn nodes(family: &Family, out: &mut String) {
    let _ = write!(out, "\n### {}\n", family.title);
    for shape in family.shapes {
        node(shape, out);
    }
}

fn node(shape: &Shape, out: &mut String) {
    let _ = write!(out, "\n#### {}\n\n```kdl\n{}\n```\n\n{}\n", shape.word, shape.usage, shape.help);
    if !shape.args.is_empty() || !shape.props.is_empty() {
        out.push_str("\n| | meaning | what can stand there | default |\n|---|---|---|---|\n");
    }
    for slot in shape.args {
        let times = match slot.times {
            1 => String::new(),
            usize::MAX => ", several".to_owned(),
            most => format!(", up to {most}"),
        };
        row(&format!("*{}*{times}", slot.name), slot, out);
    }
    for slot in shape.props {
        row(&format!("`{}=`", slot.name), slot, out);
    }
    if shape.knobs {
        out.push_str("\nIts properties are knobs with their values.\n");
    }
    match shape.block {
        Block::No => {}
        Block::May => out.push_str("\nIt may have a block.\n"),
        Block::Must => out.push_str("\nIt has a block.\n"),
    }
}

fn row(name: &str, slot: &Slot, out: &mut String) {
    let unless = match slot.unless {
        Unless::Needed => "must be given".to_owned(),
        Unless::Is(written) => format!("`{written}`"),
        Unless::Then(words) => words.to_owned(),
    };
    let _ = writeln!(out, "| {name} | {} | {} | {unless} |", slot.help, allowed(slot.value).replace('|', "\\|"));
}

/// What can be written for a value, with its unit and range.
fn allowed(value: Value) -> String {
    match value {
        Value::Name => "a new name".to_owned(),
        Value::Of(what) => format!("the name of {what}"),
        Value::Text => "text".to_owned(),
        Value::Words(words) => any_of(words()),
        Value::Whole(min, max) => format!("a whole number that is written out, from {min} to {max}"),
        Value::Switch => "`#true` or `#false`".to_owned(),
        Value::Own(words) => words.to_owned(),
        Value::Number(want) => {
            let (min, max) = (quantity::show(want.min, want.unit), quantity::show(want.max, want.unit));
            let knows = if want.index { "; knows `i` and `n`" } else { "" };
            let turned = if want.live { "" } else { "; a knob here starts the run anew" };
            format!("{}, from {min} to {max}{knows}{turned}", want.unit.wanted())
        }
    }
}

/// What `expect` can say.
fn expectations(out: &mut String) {
    out.push_str(include_str!("reference/expect.md"));
    out.push_str("\n| measure | of | what it is |\n|---|---|---|\n");
    for measure in MEASURES {
        let unit = if measure.metric.is_share() { " (in per cent)" } else { "" };
        let _ = writeln!(out, "| `{}` | {} | {}{unit} |", measure.word, measure.of.what(), measure.help);
    }
    let _ = write!(
        out,
        "\nFindings for `finding` and `no-finding`: {}.\n\nStates for `share`: {}.\n",
        all_of(FINDINGS),
        all_of(State::ALL.map(State::word))
    );
}
