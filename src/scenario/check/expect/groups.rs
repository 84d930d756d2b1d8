//! What is expected of a group of workers.

use kdl::KdlNode;

use super::{Checker, Metric, Subject, Thing, prop, span_of};

/// `startup` is one of these by its word alone: what it is compared with is read later.
pub(super) const OF_GROUPS: [(&str, Metric); 4] = [
    ("startup", Metric::Startup { over: 0 }),
    ("lives", Metric::Lives),
    ("lanes", Metric::Lanes),
    ("cut-off", Metric::CutOff),
];

impl Checker {
    /// `startup copies of=threads`, `lives helper`.
    pub(super) fn of_group(
        &mut self,
        node: &KdlNode,
        (word, metric): (&str, Metric),
    ) -> Option<(Metric, Subject, String)> {
        let compares = word == "startup";
        let props: &[&str] = if compares { &["of", "above", "below"] } else { &["above", "below", "equals"] };
        self.only(node, 2, props);
        let entry = self.second(node, "whose, such as the name of a group")?;
        let is_group = |_: &Self, thing| !matches!(thing, Thing::Resource(_));
        let of = self.resolve(entry, "a group of workers", is_group)?;
        let name = entry.value().as_string().unwrap_or_default();
        let of = match of {
            Thing::Workers(at) => Subject::Workers(at),
            Thing::Pool(at) => Subject::Pool(at),
            Thing::Resource(_) => return None,
        };
        if !compares {
            return Some((metric, of, format!("{word} {name}")));
        }
        let Some(over) = prop(node, "of") else {
            let title = "a startup is compared with that of another group";
            self.mistakes.error(span_of(node), title).help("add of=NAME: how many times as long as theirs");
            return None;
        };
        let thing = self.resolve(over, "a group of workers", |_, thing| matches!(thing, Thing::Workers(_)))?;
        let Thing::Workers(at) = thing else { return None };
        let text = format!("startup {name} of {}", over.value().as_string().unwrap_or_default());
        Some((Metric::Startup { over: at }, of, text))
    }
}
