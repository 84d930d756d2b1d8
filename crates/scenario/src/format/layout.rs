//! Prints the tree of a text: indentation, line breaks, and comments at the ends of lines.

use super::tree::{Comment, Line, Node, TreeBlock, TreePart};
use super::values::{canonical_entries, canonical_name};

/// Widest line that a block may stand on.
const MAX_WIDTH: usize = 120;

const INDENT: usize = 4;

/// Returns the text of a file.
pub(super) fn print(file: &TreeBlock) -> String {
    let mut printer = Printer::default();
    printer.block(file, 0);
    align_comments(&printer.lines)
}

/// A line of the output and the comment at its end.
#[derive(Debug, Default)]
struct OutLine {
    text: String,
    comment: Option<Comment>,
}

#[derive(Default)]
struct Printer {
    lines: Vec<OutLine>,
}

impl Printer {
    fn block(&mut self, block: &TreeBlock, depth: usize) {
        for line in &block.lines {
            if line.has_blank_before && !is_else(line) {
                self.lines.push(OutLine::default());
            }
            let indent = " ".repeat(INDENT * depth);
            let comments = join(line.comments.iter().map(|comment| comment.text.clone()));
            let Some(node) = &line.node else {
                self.lines.push(OutLine { text: indent + &comments, comment: None });
                continue;
            };
            let before = if comments.is_empty() { indent } else { indent + &comments + " " };
            self.node(node, before, depth);
        }
    }

    /// Prints a node after the text that its line begins with.
    fn node(&mut self, node: &Node, before: String, depth: usize) {
        if let Some(text) = one_line(node, depth == 0) {
            let text = before.clone() + &text;
            if !has_steps(node) || width(&text) <= MAX_WIDTH {
                self.end_of_node(text, &node.trailing);
                return;
            }
        }
        let mut entries = canonical_entries(node, depth == 0).into_iter();
        let mut text = before + &head(node);
        for part in &node.parts {
            match part {
                TreePart::Entry { .. } => append(&mut text, &entries.next().unwrap_or_default()),
                TreePart::Comment(comment) => append(&mut text, &comment.text),
                TreePart::Continuation(comment) => {
                    append(&mut text, "\\");
                    self.lines.push(OutLine { text, comment: comment.clone() });
                    text = " ".repeat(INDENT * (depth + 1) - 1);
                }
                TreePart::Block { is_disabled, block } => {
                    append(&mut text, if *is_disabled { "/-{" } else { "{" });
                    if is_empty(block) {
                        text.push_str(" }");
                        continue;
                    }
                    self.end_of_node(text, &block.after_open);
                    self.block(block, depth + 1);
                    text = " ".repeat(INDENT * depth) + "}";
                }
            }
        }
        self.end_of_node(text, &node.trailing);
    }

    /// Ends a line with its comments. The last one may be aligned with those of other lines.
    fn end_of_node(&mut self, mut text: String, comments: &[Comment]) {
        let last = comments.last().filter(|comment| comment.ends_line());
        for comment in &comments[..comments.len() - usize::from(last.is_some())] {
            append(&mut text, &comment.text);
        }
        self.lines.push(OutLine { text, comment: last.cloned() });
    }
}

fn is_else(line: &Line) -> bool {
    line.comments.is_empty() && line.node.as_ref().is_some_and(|node| canonical_name(&node.name) == "else")
}

/// Returns the name of a node, with its `/-`.
fn head(node: &Node) -> String {
    let name = canonical_name(&node.name);
    if node.is_disabled { format!("/-{name}") } else { name }
}

fn is_empty(block: &TreeBlock) -> bool {
    block.lines.is_empty() && block.after_open.is_empty()
}

/// Returns whether a node has a block with something in it.
fn has_steps(node: &Node) -> bool {
    node.parts.iter().any(|part| matches!(part, TreePart::Block { block, .. } if !is_empty(block)))
}

/// Returns a node as it is printed on one line, without the comments after it; `None` if it needs several lines.
fn one_line(node: &Node, is_top: bool) -> Option<String> {
    let mut entries = canonical_entries(node, is_top).into_iter();
    let mut text = head(node);
    for part in &node.parts {
        match part {
            TreePart::Entry { .. } => append(&mut text, &entries.next()?),
            TreePart::Comment(comment) => append(&mut text, &comment.text),
            TreePart::Continuation(_) => return None,
            TreePart::Block { is_disabled, block } => {
                append(&mut text, if *is_disabled { "/-{" } else { "{" });
                append(&mut text, &one_line_block(block)?);
                append(&mut text, "}");
            }
        }
    }
    Some(text)
}

fn one_line_block(block: &TreeBlock) -> Option<String> {
    if is_empty(block) {
        return Some(String::new());
    }
    if block.is_multiline {
        return None;
    }
    let line = |line: &Line| {
        let node = line.node.as_ref().map_or(Some(String::new()), |node| one_line(node, false))?;
        let after = line.node.iter().flat_map(|node| &node.trailing);
        let comments =
            |comments: &mut dyn Iterator<Item = &Comment>| join(comments.map(|comment| comment.text.clone()));
        let pieces = [comments(&mut line.comments.iter()), node, comments(&mut after.into_iter())];
        Some(join(pieces.into_iter().filter(|piece| !piece.is_empty())))
    };
    let lines: Vec<String> = block.lines.iter().map(line).collect::<Option<_>>()?;
    Some(lines.join("; "))
}

/// Appends a word after a space. No space follows an opening that nothing stands in.
fn append(text: &mut String, word: &str) {
    if !word.is_empty() {
        text.push(' ');
        text.push_str(word);
    }
}

fn join(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the width of the last line of a text, in characters.
fn width(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or_default().chars().count()
}

/// Joins the lines. Comments at the ends of adjacent lines are aligned if they began in the same column.
fn align_comments(lines: &[OutLine]) -> String {
    let column = |line: &OutLine| line.comment.as_ref().map(|comment| comment.column);
    let mut out = String::new();
    for run in lines.chunk_by(|a, b| column(a).is_some() && column(a) == column(b)) {
        let widest = run.iter().map(|line| width(&line.text)).max().unwrap_or(0);
        for line in run {
            out.push_str(&line.text);
            if let Some(comment) = &line.comment {
                out.push_str(&" ".repeat(widest + 1 - width(&line.text)));
                out.push_str(&comment.text);
            }
            out.push('\n');
        }
    }
    out
}
