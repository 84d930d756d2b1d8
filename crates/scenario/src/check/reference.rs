//! The reference of the language, written from the tables that the checker reads files by.

use std::fmt::Write;

use super::expect::MEASURES;
use super::grammar::{
    ASK, BlockRule, GUESS, IfOmitted, NodeContext, NodeFamily, NodeRule, POOL, Parameter, STEPS, TOP, ValueKind, WAYS,
};
use crate::quantity;
use crate::suggest::{all_of, any_of};
use contend_trace::{FindingId, State};

/// What the tables do not hold: how a file looks, names, numbers and formulas.
const HEAD: &str = include_str!("reference/head.md");

/// The reference as Markdown: every node with its values, their ranges and defaults.
pub fn language_reference() -> String {
    let mut out = HEAD.to_owned();
    write_context("At the top of a file", TOP, &mut out);
    expectations(&mut out);
    write_context("In the block of `ask`", ASK, &mut out);
    write_context("In the block of `guess`", GUESS, &mut out);
    write_context("In the block of a pool", POOL, &mut out);
    write_context("Steps", STEPS, &mut out);
    write_context("In the block of `choose`", WAYS, &mut out);
    out.push_str(include_str!("reference/proof.md"));
    out
}

fn write_context(title: &str, place: NodeContext, out: &mut String) {
    let _ = write!(out, "\n## {title}\n");
    for family in place.families {
        write_family(family, out);
    }
}

fn write_family(family: &NodeFamily, out: &mut String) {
    let _ = write!(out, "\n### {}\n", family.title);
    for shape in family.rules {
        write_node(shape, out);
    }
}

fn write_node(shape: &NodeRule, out: &mut String) {
    let _ = write!(out, "\n#### {}\n\n```kdl\n{}\n```\n\n{}\n", shape.word, shape.usage, shape.help);
    if !shape.args.is_empty() || !shape.props.is_empty() {
        out.push_str("\n| | meaning | what can stand there | default |\n|---|---|---|---|\n");
    }
    for slot in shape.args {
        let times = match slot.max_count {
            1 => String::new(),
            usize::MAX => ", several".to_owned(),
            most => format!(", up to {most}"),
        };
        write_parameter(&format!("*{}*{times}", slot.name), slot, out);
    }
    for slot in shape.props {
        write_parameter(&format!("`{}=`", slot.name), slot, out);
    }
    if shape.any_knob {
        out.push_str("\nIts properties are knobs with their values.\n");
    }
    match shape.block {
        BlockRule::Forbidden => {}
        BlockRule::Optional => out.push_str("\nIt may have a block.\n"),
        BlockRule::Required => out.push_str("\nIt has a block.\n"),
    }
}

fn write_parameter(name: &str, slot: &Parameter, out: &mut String) {
    let unless = match slot.if_omitted {
        IfOmitted::NotAllowed => "must be given".to_owned(),
        IfOmitted::SameAs(written) => format!("`{written}`"),
        IfOmitted::Means(words) => words.to_owned(),
    };
    let _ = writeln!(out, "| {name} | {} | {} | {unless} |", slot.help, allowed_values(slot.value).replace('|', "\\|"));
}

/// What can be written for a value, with its unit and range.
fn allowed_values(value: ValueKind) -> String {
    match value {
        ValueKind::Name => "a new name".to_owned(),
        ValueKind::NameOf(what) => format!("the name of {what}"),
        ValueKind::Text => "text".to_owned(),
        ValueKind::Words(words) => any_of(words()),
        ValueKind::Integer(min, max) => format!("a whole number that is written out, from {min} to {max}"),
        ValueKind::Boolean => "`#true` or `#false`".to_owned(),
        ValueKind::Special(words) => words.to_owned(),
        ValueKind::Number(want) => {
            let (min, max) =
                (quantity::format_quantity(want.min, want.unit), quantity::format_quantity(want.max, want.unit));
            let knows = if want.index { "; knows `i` and `n`" } else { "" };
            let turned = if want.live { "" } else { "; a knob here starts the run anew" };
            format!("{}, from {min} to {max}{knows}{turned}", want.unit.describe())
        }
    }
}

/// What `expect` can say.
fn expectations(out: &mut String) {
    out.push_str(include_str!("reference/expect.md"));
    out.push_str("\n| measure | of | what it is |\n|---|---|---|\n");
    for measure in MEASURES {
        let unit = if measure.metric.is_share() { " (in per cent)" } else { "" };
        let _ = writeln!(out, "| `{}` | {} | {}{unit} |", measure.word, measure.subject_kind.noun(), measure.help);
    }
    out.push_str("\n| finding, for `finding` and `no-finding` | what it reports |\n|---|---|\n");
    for id in FindingId::ALL {
        let _ = writeln!(out, "| `{}` | {} |", id.as_str(), id.meaning());
    }
    let _ = writeln!(out, "\nStates for `share`: {}.", all_of(State::ALL.map(State::word)));
}
