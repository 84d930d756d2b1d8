//! Prints KDL nodes in random layouts: quoting, comments, line breaks, escapes and disabled nodes.

use std::fmt::Write;

use kdl::{KdlNode, KdlValue};

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub name: String,
    /// Arguments (without a name) and properties, in order.
    pub entries: Vec<(Option<String>, KdlValue)>,
    pub block: Option<Vec<Self>>,
}

impl Node {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), entries: Vec::new(), block: None }
    }

    pub(crate) fn value(mut self, value: impl Into<KdlValue>) -> Self {
        self.entries.push((None, value.into()));
        self
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<KdlValue>) -> Self {
        self.entries.push((Some(name.to_owned()), value.into()));
        self
    }

    pub(crate) fn block(mut self, block: Vec<Self>) -> Self {
        self.block = Some(block);
        self
    }
}

impl From<&KdlNode> for Node {
    fn from(node: &KdlNode) -> Self {
        let entry = |entry: &kdl::KdlEntry| (entry.name().map(|name| name.value().to_owned()), entry.value().clone());
        Self {
            name: node.name().value().to_owned(),
            entries: node.entries().iter().map(entry).collect(),
            block: node.children().map(|block| block.nodes().iter().map(Self::from).collect()),
        }
    }
}

/// A printer that draws the form of each token at random.
pub(crate) struct Layout {
    dice: fastrand::Rng,
    out: String,
}

impl Layout {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: fastrand::Rng::with_seed(seed), out: String::new() }
    }

    pub(crate) fn print(mut self, nodes: &[Node]) -> String {
        if self.dice.u8(..8) == 0 {
            self.out.push('\u{feff}');
        }
        self.nodes(nodes);
        self.out
    }

    fn any(&mut self, of: &[&str]) {
        let at = self.dice.usize(..of.len());
        self.out.push_str(of[at]);
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            if self.dice.u8(..20) == 0 {
                self.any(&["/-switched { off \"entirely\" }", "/- off 1 2 b=3", "// nothing", "/* a { */", "\n\n"]);
                self.any(&["\n", "\r\n"]);
            }
            self.node(node);
            self.any(&["\n", "\n", "\n", ";", " ; ", "\r\n", " // the end of it\n", " /* ; } */\n", "\n    \n"]);
        }
    }

    fn node(&mut self, node: &Node) {
        self.text(&node.name);
        for (name, value) in &node.entries {
            self.gap();
            if self.dice.u8(..20) == 0 {
                self.any(&["/-off", "/-off=\"x\"", "/- 5"]);
                self.gap();
            }
            if let Some(name) = name {
                self.text(name);
                self.out.push('=');
            }
            self.value(value);
        }
        if let Some(block) = &node.block {
            self.any(&[" ", "  ", "\t", " /* { */ "]);
            self.out.push('{');
            self.any(&["", " ", "\n", "\n\t", " // so\n"]);
            self.nodes(block);
            self.any(&["", " ", "\t"]);
            self.out.push('}');
        }
    }

    fn gap(&mut self) {
        self.any(&[" ", " ", " ", "  ", "\t", " /* = */ ", "/**/ ", " \\\n  ", " \\ // on and on\n"]);
    }

    fn value(&mut self, value: &KdlValue) {
        match value {
            KdlValue::String(text) => self.text(text),
            KdlValue::Integer(number) if (0..1 << 60).contains(number) && self.dice.u8(..4) == 0 => {
                let _ = write!(self.out, "{number:#x}");
            }
            KdlValue::Integer(number) => {
                let _ = write!(self.out, "{number}");
            }
            KdlValue::Float(number) => {
                let _ = write!(self.out, "{number:?}");
            }
            KdlValue::Bool(value) => self.out.push_str(if *value { "#true" } else { "#false" }),
            KdlValue::Null => self.out.push_str("#null"),
        }
    }

    /// Prints a text bare where KDL allows that, or as a quoted or raw string.
    fn text(&mut self, text: &str) {
        let is_keyword = ["true", "false", "null", "inf", "-inf", "nan"].contains(&text);
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$');
        let can_be_bare = begins && text[1..].chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        match self.dice.u8(..4) {
            0 | 1 if can_be_bare && !is_keyword => self.out.push_str(text),
            // Three quotes in a row would begin a text of several lines.
            2 if !text.contains("\"#") && !text.starts_with('"') && !text.contains(char::is_control) => {
                let _ = write!(self.out, "#\"{text}\"#");
            }
            _ => self.quoted(text),
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                _ if c.is_control() || self.dice.u8(..30) == 0 => {
                    let _ = write!(self.out, "\\u{{{:x}}}", u32::from(c));
                }
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
