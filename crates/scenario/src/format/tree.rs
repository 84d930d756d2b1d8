//! Arranges the tokens of a text as nodes and blocks, with comments and blank lines.

use super::super::syntax::{Token, TokenKind};

/// A comment, and the column that it begins in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) text: String,
    pub(super) column: usize,
}

impl Comment {
    /// Returns whether nothing can follow it on its line.
    pub(super) fn ends_line(&self) -> bool {
        self.text.starts_with("//")
    }
}

#[derive(Debug, Default)]
pub(super) struct TreeBlock {
    /// Comments on the line of the `{`.
    pub(super) after_open: Vec<Comment>,
    pub(super) lines: Vec<Line>,
    /// Whether it was written on several lines.
    pub(super) is_multiline: bool,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) has_blank_before: bool,
    /// Comments before the node, or alone on the line.
    pub(super) comments: Vec<Comment>,
    pub(super) node: Option<Node>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) is_disabled: bool,
    pub(super) name: TreeWord,
    pub(super) parts: Vec<TreePart>,
    /// Comments after the node, on its line.
    pub(super) trailing: Vec<Comment>,
}

/// A part of a node after its name.
#[derive(Debug)]
pub(super) enum TreePart {
    Entry {
        is_disabled: bool,
        key: Option<TreeWord>,
        value: TreeWord,
    },
    Comment(Comment),
    /// A backslash, with the comment between it and the end of the line.
    Continuation(Option<Comment>),
    Block {
        is_disabled: bool,
        block: TreeBlock,
    },
}

/// A word or a text as written, with its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeWord(pub(super) String);

/// Returns a comment without spaces at its end, and with plain line breaks.
pub(super) fn comment_text(text: &str, token: &Token) -> String {
    text[token.span.clone()].replace("\r\n", "\n").trim_end().to_owned()
}

/// Arranges the tokens of a text that has no syntax mistakes.
pub(super) fn build(text: &str, tokens: &[Token]) -> TreeBlock {
    TreeBuilder { text, tokens, at: 0 }.block(false)
}

struct TreeBuilder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

/// The lines of a block while they are read.
#[derive(Default)]
struct BlockLines {
    block: TreeBlock,
    /// Comments that no node has followed yet.
    comments: Vec<Comment>,
    has_blank_before: bool,
    line: LineContent,
}

/// What the line that is read has so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum LineContent {
    #[default]
    Nothing,
    /// The `{` of the block, and perhaps comments.
    Open,
    /// No node, and no `{` of the block.
    Other,
    /// A node that has ended.
    Node,
}

impl BlockLines {
    fn push(&mut self, node: Option<Node>) {
        let has_blank_before = std::mem::take(&mut self.has_blank_before) && !self.block.lines.is_empty();
        let comments = std::mem::take(&mut self.comments);
        self.block.lines.push(Line { has_blank_before, comments, node });
    }

    /// Ends a line, and gives its last comments to the node before them or to the `{`.
    fn end_line(&mut self) {
        self.has_blank_before |= self.line == LineContent::Nothing;
        let has_node = self.line == LineContent::Node;
        if self.comments.is_empty() {
        } else if let Some(node) = self.block.lines.last_mut().and_then(|line| line.node.as_mut()).filter(|_| has_node)
        {
            node.trailing.append(&mut self.comments);
        } else if self.line == LineContent::Open {
            self.block.after_open.append(&mut self.comments);
        } else {
            self.push(None);
        }
        self.line = LineContent::Nothing;
    }

    fn finish(mut self) -> TreeBlock {
        if self.line == LineContent::Open {
            self.line = LineContent::Other;
        }
        self.end_line();
        self.block
    }
}

impl TreeBuilder<'_> {
    fn peek(&self) -> Option<TokenKind> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn comment(&self, token: &Token) -> Comment {
        let start = self.text[..token.span.start].rfind('\n').map_or(0, |at| at + 1);
        Comment { text: comment_text(self.text, token), column: self.text[start..token.span.start].chars().count() }
    }

    fn word(&self, token: &Token) -> TreeWord {
        TreeWord(self.text[token.span.clone()].replace("\r\n", "\n"))
    }

    /// Reads up to the end of the block, or of the text.
    fn block(&mut self, has_open: bool) -> TreeBlock {
        let line = if has_open { LineContent::Open } else { LineContent::Nothing };
        let mut lines = BlockLines { line, ..BlockLines::default() };
        let mut is_disabled = false;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::Close => break,
                TokenKind::LineEnd => {
                    self.at += 1;
                    lines.end_line();
                    continue;
                }
                TokenKind::Comment => {
                    let comment = self.comment(token);
                    self.at += 1;
                    lines.comments.push(comment);
                    if self.peek() == Some(TokenKind::Continuation) {
                        lines.end_line(); // the backslash continues nothing and is left out
                    }
                }
                TokenKind::SlashDash => {
                    self.at += 1;
                    is_disabled = true;
                }
                TokenKind::Word | TokenKind::Text => {
                    let node = self.node(std::mem::take(&mut is_disabled));
                    lines.push(Some(node));
                    lines.line = LineContent::Node;
                }
                _ => self.at += 1,
            }
            if lines.line == LineContent::Nothing {
                lines.line = LineContent::Other;
            }
        }
        lines.finish()
    }

    fn node(&mut self, is_disabled: bool) -> Node {
        let name = self.word(&self.tokens[self.at]);
        self.at += 1;
        let mut node = Node { is_disabled, name, parts: Vec::new(), trailing: Vec::new() };
        let (mut is_next_disabled, mut awaits_value) = (false, false);
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::LineEnd | TokenKind::Semicolon | TokenKind::ImpliedEnd | TokenKind::Close => break,
                TokenKind::Word | TokenKind::Text => {
                    let value = self.word(token);
                    match node.parts.iter_mut().rev().find(|part| matches!(part, TreePart::Entry { .. })) {
                        Some(TreePart::Entry { key, value: before, .. }) if awaits_value => {
                            *key = Some(std::mem::replace(before, value));
                        }
                        _ => {
                            let is_disabled = std::mem::take(&mut is_next_disabled);
                            node.parts.push(TreePart::Entry { is_disabled, key: None, value });
                        }
                    }
                    awaits_value = false;
                }
                TokenKind::Equals => awaits_value = true,
                TokenKind::SlashDash => is_next_disabled = true,
                TokenKind::Comment => self.comment_in_node(&mut node),
                TokenKind::Continuation => node.parts.push(TreePart::Continuation(None)),
                TokenKind::Open => {
                    self.at += 1;
                    let is_disabled = std::mem::take(&mut is_next_disabled);
                    let block = self.inner_block(token.span.start);
                    node.parts.push(TreePart::Block { is_disabled, block });
                }
            }
            self.at += 1;
        }
        drop_last_continuations(&mut node);
        node
    }

    fn comment_in_node(&mut self, node: &mut Node) {
        let comment = self.comment(&self.tokens[self.at]);
        if !comment.ends_line() {
            node.parts.push(TreePart::Comment(comment));
        } else if self.tokens.get(self.at + 1).is_some_and(|next| next.kind == TokenKind::Continuation) {
            self.at += 1;
            node.parts.push(TreePart::Continuation(Some(comment)));
        } else {
            node.trailing.push(comment);
        }
    }

    /// Reads a block whose `{` is at `start`. Afterwards its `}` is the current token.
    fn inner_block(&mut self, start: usize) -> TreeBlock {
        let mut block = self.block(true);
        let end = self.tokens.get(self.at).map_or(self.text.len(), |close| close.span.end);
        block.is_multiline = self.text[start..end].contains('\n');
        block
    }
}

/// Removes continuations that nothing follows. The comment of the last becomes the node's.
fn drop_last_continuations(node: &mut Node) {
    while let Some(TreePart::Continuation(_)) = node.parts.last() {
        if let Some(TreePart::Continuation(Some(comment))) = node.parts.pop() {
            if node.trailing.iter().any(Comment::ends_line) {
                node.parts.push(TreePart::Continuation(Some(comment)));
                return;
            }
            node.trailing.push(comment);
        }
    }
}
