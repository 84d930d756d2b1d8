//! The number of colours that the terminal's entry in terminfo names.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where entries are kept, besides the user's own.
const SYSTEM_DIRECTORIES: [&str; 4] = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"];

/// First bytes of an entry with numbers of two bytes, and of four.
const MAGIC: [(u16, usize); 2] = [(0o432, 2), (0o1036, 4)];

/// Place of `max_colors` among the numbers.
const MAX_COLOURS: usize = 13;

/// Most bytes of an entry that are read; real ones have less than a tenth.
const MAX_SIZE: u64 = 64 << 10;

/// Returns how many colours the entry of this terminal names; `None` if there is no entry, or no number in it.
pub(super) fn colours_of(term: &OsStr) -> Option<u32> {
    let first = *term.as_bytes().first()?;
    if term.as_bytes().contains(&b'/') {
        return None;
    }
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let own = variable("TERMINFO").map(PathBuf::from);
    let home = variable("HOME").map(|home| Path::new(&home).join(".terminfo"));
    let listed: Vec<PathBuf> = variable("TERMINFO_DIRS").map_or_else(Vec::new, |all| {
        std::env::split_paths(&all).filter(|directory| !directory.as_os_str().is_empty()).collect()
    });
    let all = own.into_iter().chain(home).chain(listed).chain(SYSTEM_DIRECTORIES.map(PathBuf::from));
    // By the first letter, or by its number on systems that do not tell cases apart.
    let names = [char::from(first).to_string(), format!("{first:x}")];
    let mut paths = all.flat_map(|directory| names.clone().map(|name| directory.join(name).join(term)));
    paths.find_map(|path| read_entry(&path)).and_then(|entry| max_colours(&entry))
}

fn read_entry(path: &Path) -> Option<Vec<u8>> {
    let is_entry = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= MAX_SIZE);
    is_entry.then(|| fs::read(path).ok()).flatten()
}

/// Returns the number in a compiled entry: a header of six numbers, names, flags, numbers.
fn max_colours(entry: &[u8]) -> Option<u32> {
    let short = |at: usize| Some(u16::from_le_bytes(entry.get(at..at + 2)?.try_into().ok()?));
    let magic = short(0)?;
    let (_, size) = MAGIC.into_iter().find(|(of, _)| *of == magic)?;
    let (names, flags, numbers) = (usize::from(short(2)?), usize::from(short(4)?), usize::from(short(6)?));
    if numbers <= MAX_COLOURS {
        return None;
    }
    let begin = (12 + names + flags).next_multiple_of(2) + MAX_COLOURS * size;
    let bytes = entry.get(begin..begin + size)?;
    let number = if size == 2 {
        i32::from(i16::from_le_bytes(bytes.try_into().ok()?))
    } else {
        i32::from_le_bytes(bytes.try_into().ok()?)
    };
    u32::try_from(number).ok() // -1: there is no such number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(magic: u16, size: usize, names: usize, flags: usize, colours: i32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [magic, names as u16, flags as u16, 15, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.resize(12 + names + flags + (names + flags) % 2, 0);
        for at in 0..15 {
            let number = if at == MAX_COLOURS { colours } else { -1 };
            bytes.extend(&number.to_le_bytes()[..size]);
        }
        bytes
    }

    #[test]
    fn number_of_colours_is_read_from_both_formats() {
        for (magic, size) in MAGIC {
            for (names, flags) in [(4, 4), (5, 4), (7, 38)] {
                assert_eq!(max_colours(&entry(magic, size, names, flags, 256)), Some(256));
                assert_eq!(max_colours(&entry(magic, size, names, flags, -1)), None);
            }
        }
        assert_eq!(max_colours(&entry(0o1036, 4, 4, 4, 1 << 24)), Some(1 << 24));
    }

    #[test]
    fn broken_entries_have_no_number() {
        let good = entry(0o432, 2, 5, 4, 8);
        for length in 0..good.len() - 4 {
            assert_eq!(max_colours(&good[..length]), None, "{length} bytes");
        }
        assert_eq!(max_colours(b"no entry at all, but text"), None);
        assert_eq!(colours_of(OsStr::new("")), None);
        assert_eq!(colours_of(OsStr::new("../../etc/passwd")), None);
    }
}
