//! Fills in the places of a text for one task.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use contend_scenario::{Placeholder, Template, TemplatePiece};

/// What a task fills the places of a text with.
#[derive(Debug, Clone, Copy)]
pub struct TemplateValues<'a> {
    /// Its file, or its word.
    pub item: Option<&'a Path>,
    /// Its number, from 1.
    pub number: u64,
}

impl TemplateValues<'_> {
    /// The text with its places filled in, byte for byte.
    ///
    /// # Errors
    /// The place that there is nothing for.
    pub fn fill(&self, template: &Template) -> Result<OsString, Placeholder> {
        self.fill_with(template, Vec::extend_from_slice)
    }

    /// As [`TemplateValues::fill`], for a URL: what has a meaning in one is written as `%2F`. A template that is nothing but the
    /// item is the URL itself.
    ///
    /// # Errors
    /// The place that there is nothing for.
    #[cfg_attr(not(feature = "net"), allow(dead_code, reason = "only requests have a URL"))]
    pub fn fill_url(&self, template: &Template) -> Result<String, Placeholder> {
        let whole = matches!(template.0.as_slice(), [TemplatePiece::Placeholder(Placeholder::Item)]);
        let filled = if whole { self.fill(template) } else { self.fill_with(template, escape) };
        filled.map(|url| url.to_string_lossy().into_owned())
    }

    fn fill_with(&self, template: &Template, put: impl Fn(&mut Vec<u8>, &[u8])) -> Result<OsString, Placeholder> {
        let mut out = Vec::new();
        for piece in &template.0 {
            match piece {
                TemplatePiece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                TemplatePiece::Placeholder(Placeholder::Number) => {
                    out.extend_from_slice(self.number.to_string().as_bytes());
                }
                TemplatePiece::Placeholder(place) => {
                    put(&mut out, path_part(self.item.ok_or(*place)?, *place).as_bytes());
                }
            }
        }
        Ok(OsString::from_vec(out))
    }
}

/// The part of a path that a place stands for.
fn path_part(path: &Path, place: Placeholder) -> OsString {
    let or_empty = |part: Option<&OsStr>| part.unwrap_or_default().to_owned();
    match place {
        Placeholder::Base => or_empty(path.file_name()),
        Placeholder::Directory => {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            dir.unwrap_or(Path::new(".")).as_os_str().to_owned()
        }
        Placeholder::Stem => path.with_extension("").into_os_string(),
        Placeholder::BaseStem => or_empty(path.file_stem()),
        Placeholder::Item | Placeholder::Number => path.as_os_str().to_owned(),
    }
}

/// Everything but letters, digits, `-._~` and `/` as its bytes in hexadecimal (RFC 3986, 2.1).
fn escape(out: &mut Vec<u8>, name: &[u8]) {
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill_text(text: &str, item: &str) -> OsString {
        let values = TemplateValues { item: Some(Path::new(item)), number: 7 };
        values.fill(&Template::parse(text)).expect("there is an item")
    }

    #[test]
    fn places_are_parts_of_the_path() {
        let all = "{}|{/}|{//}|{.}|{/.}|{n}";
        assert_eq!(fill_text(all, "a/b.tar.gz"), "a/b.tar.gz|b.tar.gz|a|a/b.tar|b.tar|7");
        assert_eq!(fill_text(all, "x"), "x|x|.|x|x|7");
        assert_eq!(fill_text("-o {.}.png", "a/.hidden"), "-o a/.hidden.png");
    }

    #[test]
    fn bytes_that_are_no_text_come_through() {
        let odd = OsStr::from_bytes(b"\xff\n;$(x)");
        let values = TemplateValues { item: Some(Path::new(odd)), number: 1 };
        assert_eq!(values.fill(&Template::parse("{}")), Ok(odd.to_owned()));
        assert_eq!(values.fill_url(&Template::parse("http://h/{}")), Ok("http://h/%FF%0A%3B%24%28x%29".to_owned()));
    }

    #[test]
    fn a_place_without_an_item_is_told() {
        let nothing = TemplateValues { item: None, number: 3 };
        assert_eq!(nothing.fill(&Template::parse("{n} {/}")), Err(Placeholder::Base));
        assert_eq!(nothing.fill(&Template::parse("{n}")), Ok(OsString::from("3")));
    }

    #[test]
    fn an_item_alone_is_the_url() {
        let values = TemplateValues { item: Some(Path::new("http://h/a?b")), number: 1 };
        assert_eq!(values.fill_url(&Template::parse("{}")), Ok("http://h/a?b".to_owned()));
        assert_eq!(values.fill_url(&Template::parse("http://g/{}")), Ok("http://g/http%3A//h/a%3Fb".to_owned()));
    }
}
