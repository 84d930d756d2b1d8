//! Numbers of fixed width: what changes many times a second must not push its neighbours about. And texts that keep to
//! their columns.

use crate::trace::{Span, plural};

/// A length of time, in six columns until a thousand days have gone by: `250 ns`, `1.5 µs`, `12.4 s`, `2m05s`, `3h07m`,
/// `12d`.
pub(super) fn format_duration(span: Span) -> String {
    let secs = span.0 / 1_000_000_000;
    match secs {
        0..=99 => span.to_string(),
        100..=5_999 => format!("{}m{:02}s", secs / 60, secs % 60),
        6_000..=359_999 => format!("{}h{:02}m", secs / 3_600, secs / 60 % 60),
        _ => format!("{}d", secs / 86_400),
    }
}

/// A share as `  7 %`, five columns.
pub(super) fn format_percent(share: f64) -> String {
    format!("{:>3.0} %", (share * 100.0).clamp(0.0, 999.0))
}

/// A count in five columns at most: `412`, `12.3k`, `999k`, `1.2M`.
pub(super) fn format_count(n: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if n < 10_000 {
        return n.to_string();
    }
    let mut value = n as f64 / 1e3;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    let digits = usize::from(value < 99.95);
    format!("{value:.digits$}{}", UNITS[unit])
}

/// A count of things: `1 task`, `12.3k tasks`.
pub(super) fn format_counted(n: u64, thing: &str) -> String {
    format!("{} {}", format_count(n), plural(n, thing))
}

/// The number key that starts or chooses something, so that it does not read as a part of what follows: `[2]`.
pub(super) fn key_label(number: usize) -> String {
    format!("[{number}]")
}

/// A count in full, in groups of three: `1 000 000`.
pub(super) fn group_digits(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Things a second: `9.5/s`, `123/s`, `12.3k/s`.
pub(super) fn format_rate(per_second: f64) -> String {
    let size = per_second.abs();
    let sign = if per_second < 0.0 { "-" } else { "" };
    if size > 0.0 && size < 9.95 {
        format!("{sign}{size:.1}/s")
    } else {
        format!("{sign}{}/s", format_count(size.round() as u64))
    }
}

/// The smallest of 1, 2, 5, 10, 20 ... that is not below `least`.
pub(super) fn round_up_125(least: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let value = power.saturating_mul(step);
            if value >= least {
                return value;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// `text` in at most `width` columns, the end replaced by `dots` when it is longer.
pub(super) fn truncate(text: &str, width: usize, dots: &str) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(dots.width());
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= room
    });
    let mut out: String = kept.collect();
    out.push_str(if width >= dots.width() { dots } else { "" });
    out
}

/// Like [`truncate`], but what tells one of many from the others is kept: `philosopher-12` becomes `phil…-12`.
pub(super) fn truncate_name(name: &str, width: usize, dots: &str) -> String {
    use unicode_width::UnicodeWidthStr;
    let Some((kind, number)) = name.rsplit_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())) else {
        return truncate(name, width, dots);
    };
    let room = width.saturating_sub(number.len() + 1);
    if name.width() <= width || room <= dots.width() {
        return truncate(name, width, dots);
    }
    format!("{}-{number}", truncate(kind, room, dots))
}

/// `text` broken at spaces into lines of at most `width` columns; a longer word is broken where it must.
pub(super) fn wrap_text(text: &str, width: u16) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let width = usize::from(width).max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for c in word.chars() {
                if line.width() >= width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_counts_keep_their_columns() {
        for exponent in 0..64 {
            for n in [(1_u64 << exponent) - 1, 1 << exponent, (1 << exponent) + (1 << exponent) / 3] {
                assert!(format_duration(Span(n)).chars().count() <= 7, "{n} ns: {}", format_duration(Span(n)));
                assert!(format_count(n).len() <= 5, "{n}: {}", format_count(n));
            }
        }
    }

    #[test]
    fn numbers_read_naturally() {
        assert_eq!([0, 12_400_000_000, 125_000_000_000].map(|n| format_duration(Span(n))), ["0 ns", "12.4 s", "2m05s"]);
        assert_eq!(group_digits(-1_234_567), "-1 234 567");
        assert_eq!(group_digits(12), "12");
        assert_eq!(
            (format_percent(0.07), format_percent(1.0), format_percent(f64::NAN)),
            ("  7 %".into(), "100 %".into(), "NaN %".into())
        );
        assert_eq!([format_rate(9.5), format_rate(-105.2), format_rate(0.0)], ["9.5/s", "-105/s", "0/s"]);
        assert_eq!([0, 1, 3, 11, 499].map(round_up_125), [1, 1, 5, 20, 500]);
        assert_eq!(round_up_125(u64::MAX), u64::MAX);
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(truncate("worker", 6, "…"), "worker");
        assert_eq!(truncate("workers", 6, "…"), "worke…");
        assert_eq!(truncate("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(truncate("abc", 0, "…"), "");
    }

    #[test]
    fn a_cut_name_keeps_its_number() {
        assert_eq!(truncate_name("philosopher-12", 8, "…"), "phil…-12");
        assert_eq!(truncate_name("philosopher-12", 14, "…"), "philosopher-12");
        assert_eq!(truncate_name("philosopher-12", 4, "…"), "phi…");
        assert_eq!(truncate_name("account-lock", 8, "…"), "account…");
    }

    #[test]
    fn text_wraps_at_spaces_and_breaks_what_is_too_long() {
        assert_eq!(wrap_text("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap_text("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap_text("", 3), Vec::<String>::new());
        assert_eq!(wrap_text("a b", 0), ["a", "b"]);
    }
}
