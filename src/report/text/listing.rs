//! Lists that name some of many things.

/// Joins the first texts of many; after `rest` stands how many more there are.
pub(super) fn list_some(texts: &[impl AsRef<str>], most: usize, rest: &str) -> String {
    let shown: Vec<&str> = texts.iter().take(most).map(AsRef::as_ref).collect();
    let listed = shown.join(", ");
    match texts.len() - shown.len() {
        0 => listed,
        more => format!("{listed} {rest} {more} more"),
    }
}
