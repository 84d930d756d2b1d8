//! Copies text to the clipboard of the terminal by an escape sequence (OSC 52), which also works over SSH.
//!
//! The terminal decides whether it takes the text, and does not answer.

/// Most bytes of a copied text. Terminals and multiplexers refuse sequences of about 75,000 bytes and more.
pub(super) const MAX_COPIED_BYTES: usize = 48 * 1024;

/// Returns the start of a text that may be copied: whole lines if it is too long.
pub(super) fn clip_text(text: &str) -> &str {
    if text.len() <= MAX_COPIED_BYTES {
        return text;
    }
    let end = (0..=MAX_COPIED_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let kept = &text[..end];
    kept.rfind('\n').map_or(kept, |line_end| &kept[..=line_end])
}

/// Returns the bytes that ask the terminal to copy a text. In tmux, a second sequence passes through to the terminal
/// around it, for a tmux that does not take the first one.
pub(super) fn copy_sequence(text: &str, is_in_tmux: bool) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", encode_base64(text.as_bytes()));
    let wrapped = if is_in_tmux { format!("\x1bPtmux;\x1b{plain}\x1b\\") } else { String::new() };
    (plain + &wrapped).into_bytes()
}

/// Encodes bytes as RFC 4648 does, with padding.
fn encode_base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit <= group.len() { char::from(DIGITS[index as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_examples_of_its_standard() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("µs", "wrVz"),
        ];
        for (text, encoded) in pairs {
            assert_eq!(encode_base64(text.as_bytes()), encoded, "{text}");
        }
    }

    #[test]
    fn sequence_is_one_string_and_is_wrapped_for_tmux() {
        assert_eq!(copy_sequence("foo", false), b"\x1b]52;c;Zm9v\x07");
        assert_eq!(copy_sequence("foo", true), b"\x1b]52;c;Zm9v\x07\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\");
    }

    #[test]
    fn long_text_is_cut_at_the_end_of_a_line() {
        let lines = "0123456789\n".repeat(10_000);
        let kept = clip_text(&lines);
        assert!(kept.len() <= MAX_COPIED_BYTES && kept.len() > MAX_COPIED_BYTES - 11 && kept.ends_with("9\n"));
        let one_line = "é".repeat(MAX_COPIED_BYTES);
        assert_eq!(clip_text(&one_line).len(), MAX_COPIED_BYTES);
        assert_eq!(clip_text("short"), "short");
        assert!(copy_sequence(clip_text(&lines), true).len() < 140_000);
    }
}
