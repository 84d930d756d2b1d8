//! Fills in the placeholders of a text for one task.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use contend_scenario::{Placeholder, Template, TemplatePiece};

/// The values of placeholders for one task.
#[derive(Debug, Clone, Copy)]
pub struct TemplateValues<'a> {
    /// The task's file or word.
    pub item: Option<&'a Path>,
    /// The task's number, from 1.
    pub number: u64,
}

impl TemplateValues<'_> {
    /// Fills in the placeholders, byte for byte.
    ///
    /// # Errors
    /// Returns the placeholder that has no value.
    pub fn fill(&self, template: &Template) -> Result<OsString, Placeholder> {
        self.fill_with(template, Vec::extend_from_slice)
    }

    /// As [`TemplateValues::fill`], for a URL: characters with a meaning in URLs are escaped (`%3F`). A template that
    /// consists only of the item is taken as the whole URL.
    ///
    /// # Errors
    /// Returns the placeholder that has no value.
    #[cfg_attr(not(feature = "net"), allow(dead_code, reason = "only requests have a URL"))]
    pub fn fill_url(&self, template: &Template) -> Result<String, Placeholder> {
        let is_item = matches!(template.0.as_slice(), [TemplatePiece::Placeholder(Placeholder::Item)]);
        let filled = if is_item { self.fill(template) } else { self.fill_with(template, escape) };
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
                TemplatePiece::Placeholder(placeholder) => {
                    put(&mut out, path_part(self.item.ok_or(*placeholder)?, *placeholder).as_bytes());
                }
            }
        }
        Ok(OsString::from_vec(out))
    }
}

/// Returns the part of a path that a placeholder stands for.
fn path_part(path: &Path, placeholder: Placeholder) -> OsString {
    let or_empty = |part: Option<&OsStr>| part.unwrap_or_default().to_owned();
    match placeholder {
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

/// Appends `name` with all bytes but letters, digits, `-._~` and `/` percent-encoded (RFC 3986, section 2.1).
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
    fn placeholders_are_parts_of_the_path() {
        let all = "{}|{/}|{//}|{.}|{/.}|{n}";
        assert_eq!(fill_text(all, "a/b.tar.gz"), "a/b.tar.gz|b.tar.gz|a|a/b.tar|b.tar|7");
        assert_eq!(fill_text(all, "x"), "x|x|.|x|x|7");
        assert_eq!(fill_text("-o {.}.png", "a/.hidden"), "-o a/.hidden.png");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_preserved() {
        let odd = OsStr::from_bytes(b"\xff\n;$(x)");
        let values = TemplateValues { item: Some(Path::new(odd)), number: 1 };
        assert_eq!(values.fill(&Template::parse("{}")), Ok(odd.to_owned()));
        assert_eq!(values.fill_url(&Template::parse("http://h/{}")), Ok("http://h/%FF%0A%3B%24%28x%29".to_owned()));
    }

    #[test]
    fn placeholder_without_an_item_is_reported() {
        let nothing = TemplateValues { item: None, number: 3 };
        assert_eq!(nothing.fill(&Template::parse("{n} {/}")), Err(Placeholder::Base));
        assert_eq!(nothing.fill(&Template::parse("{n}")), Ok(OsString::from("3")));
    }

    #[test]
    fn item_alone_is_the_whole_url() {
        let values = TemplateValues { item: Some(Path::new("http://h/a?b")), number: 1 };
        assert_eq!(values.fill_url(&Template::parse("{}")), Ok("http://h/a?b".to_owned()));
        assert_eq!(values.fill_url(&Template::parse("http://g/{}")), Ok("http://g/http%3A//h/a%3Fb".to_owned()));
    }
}
