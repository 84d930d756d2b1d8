//! The lines of a caption.

use unicode_width::UnicodeWidthStr;

use crate::scenario::CaptionPart;

/// Most lines of a caption on the screen.
pub(in crate::tui) const MAX_LINES: usize = 3;

/// Breaks a caption between words into lines of at most this width. Words that are longer keep their own line.
pub(in crate::tui) fn wrap_caption(parts: &[CaptionPart], width: u16) -> Vec<Vec<CaptionPart>> {
    let mut lines: Vec<Vec<CaptionPart>> = Vec::new();
    let mut used = 0;
    for word in words(parts) {
        let length = word.iter().map(|piece| piece.text.width()).sum::<usize>();
        let fits = used + 1 + length <= usize::from(width);
        if let Some(line) = lines.last_mut().filter(|_| fits) {
            push(line, " ", word[0].is_strong && line.last().is_some_and(|last| last.is_strong));
            for piece in &word {
                push(line, &piece.text, piece.is_strong);
            }
            used += 1 + length;
        } else {
            lines.push(word);
            used = length;
        }
    }
    lines
}

/// Appends to the last piece of a line if it has the same emphasis.
fn push(line: &mut Vec<CaptionPart>, text: &str, is_strong: bool) {
    match line.last_mut() {
        Some(last) if last.is_strong == is_strong => last.text.push_str(text),
        _ => line.push(CaptionPart { text: text.to_owned(), is_strong }),
    }
}

/// Returns the words, each with the pieces that have different emphasis: `stuck` and `.`.
fn words(parts: &[CaptionPart]) -> Vec<Vec<CaptionPart>> {
    let mut words: Vec<Vec<CaptionPart>> = Vec::new();
    let mut is_new = true;
    for part in parts {
        for (at, text) in part.text.split(' ').enumerate() {
            is_new |= at > 0;
            if text.is_empty() {
                continue;
            }
            let piece = CaptionPart { text: text.to_owned(), is_strong: part.is_strong };
            match words.last_mut().filter(|_| !is_new) {
                Some(word) => word.push(piece),
                None => words.push(vec![piece]),
            }
            is_new = false;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str, is_strong: bool) -> CaptionPart {
        CaptionPart { text: text.to_owned(), is_strong }
    }

    fn text(lines: &[Vec<CaptionPart>]) -> Vec<String> {
        let mark = |piece: &CaptionPart| if piece.is_strong { format!("[{}]", piece.text) } else { piece.text.clone() };
        lines.iter().map(|line| line.iter().map(mark).collect()).collect()
    }

    #[test]
    fn captions_break_between_words_and_keep_their_emphasis() {
        let parts = [part("Each has what the other wants. ", false), part("Both are stuck", true), part(".", false)];
        assert_eq!(
            text(&wrap_caption(&parts, 80)),
            ["Each has what the other wants. [Both are stuck]."],
            "punctuation stays with its word"
        );
        assert_eq!(text(&wrap_caption(&parts, 20)), ["Each has what the", "other wants. [Both]", "[are stuck]."]);
        assert_eq!(text(&wrap_caption(&parts, 1)).len(), 9, "a line for each word");
        assert!(wrap_caption(&[], 20).is_empty());
    }
}
