//! Where the interpreter's lock of a Python process is: inside the symbol `_PyRuntime` of its program or library. The
//! symbols also say whether it is a free-threaded Python, which has no such lock.

use std::fs::File;
use std::os::fd::AsFd;

/// Addresses in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    pub start: u64,
    pub end: u64,
}

impl AddressRange {
    pub const fn contains(self, address: u64) -> bool {
        self.start <= address && address < self.end
    }
}

/// What the symbols of a Python process say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runtime {
    /// The addresses of `_PyRuntime`, in which the interpreter's lock is.
    pub addresses: AddressRange,
    pub is_free_threaded: bool,
}

impl Runtime {
    /// Whether a thread that sleeps on the futex at this address waits for the interpreter's lock. A free-threaded
    /// Python sleeps on this memory for other reasons.
    pub const fn is_lock(&self, address: u64) -> bool {
        !self.is_free_threaded && self.addresses.contains(address)
    }
}

const SYMBOL: &[u8] = b"_PyRuntime";
/// A function of free-threaded Pythons alone: `Include/refcount.h` declares it if `Py_GIL_DISABLED` is defined.
const FREE_THREADED_SYMBOL: &[u8] = b"_Py_DecRefShared";
/// Type of the section with the dynamic symbols (`SHT_DYNSYM`).
const DYNSYM: u32 = 11;
/// Limits of what an ELF file may claim.
const MAX_HEADERS: u64 = 256;
const MAX_SYMBOLS: u64 = 1 << 20;
const MAX_STRINGS: u64 = 16 << 20;

/// Returns what the symbols of a process say. `None` if it is no Python process whose symbols can be read.
pub fn runtime_of(pid: u32) -> Option<Runtime> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let mut tried: Vec<&str> = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (range, _, offset) = (fields.next()?, fields.next()?, fields.next()?);
        let path = fields.nth(2).unwrap_or_default();
        let is_first_map = u64::from_str_radix(offset, 16) == Ok(0);
        let name = path.rsplit('/').next().unwrap_or_default();
        if !path.starts_with('/') || !is_first_map || !name.contains("python") || tried.contains(&path) {
            continue;
        }
        tried.push(path);
        let base = u64::from_str_radix(range.split('-').next()?, 16).ok()?;
        // The file that the process has mapped, not the one at that path for us.
        let file = File::open(format!("/proc/{pid}/root{path}")).or_else(|_| File::open(path));
        if let Some(runtime) = file.ok().and_then(|file| find_runtime(&file, base)) {
            return Some(runtime);
        }
    }
    None
}

/// Finds the symbols in a 64-bit ELF file of this machine's byte order that is mapped at `base`.
fn find_runtime(file: &File, base: u64) -> Option<Runtime> {
    let header = read(file, 0, 64)?;
    let byte_order = if cfg!(target_endian = "little") { 1 } else { 2 };
    if header.get(..4)? != b"\x7fELF" || header[4] != 2 || header[5] != byte_order {
        return None;
    }
    let (is_fixed, sections, size, count) =
        (u16_at(&header, 16) == 2, u64_at(&header, 40), u16_at(&header, 58), u16_at(&header, 60));
    if u64::from(count) > MAX_HEADERS || size < 64 {
        return None;
    }
    let table = read(file, sections, u64::from(size) * u64::from(count))?;
    let section = |nth: u32| table.get(nth as usize * usize::from(size)..).filter(|rest| rest.len() >= 64);
    for nth in 0..u32::from(count) {
        let symbols = section(nth)?;
        if u32_at(symbols, 4) != DYNSYM {
            continue;
        }
        let strings = section(u32_at(symbols, 40))?;
        let names = read(file, u64_at(strings, 24), u64_at(strings, 32).min(MAX_STRINGS))?;
        let entries = read(file, u64_at(symbols, 24), u64_at(symbols, 32).min(MAX_SYMBOLS * 24))?;
        let find = |wanted: &[u8]| {
            entries.chunks_exact(24).find(|entry| {
                let name = names.get(u32_at(entry, 0) as usize..).unwrap_or_default();
                // A program that only uses the symbol of its library has an entry of no size.
                u64_at(entry, 16) > 0 && name.strip_prefix(wanted).is_some_and(|rest| rest.first() == Some(&0))
            })
        };
        let found = find(SYMBOL)?;
        let start = u64_at(found, 8).checked_add(if is_fixed { 0 } else { base })?;
        let addresses = AddressRange { start, end: start.checked_add(u64_at(found, 16))? };
        return Some(Runtime { addresses, is_free_threaded: find(FREE_THREADED_SYMBOL).is_some() });
    }
    None
}

fn read(file: &File, at: u64, len: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).ok().filter(|len| *len <= MAX_STRINGS as usize * 2)?];
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::io::pread(file.as_fd(), &mut bytes[filled..], at.checked_add(filled as u64)?) {
            Ok(0) | Err(_) => return None,
            Ok(n) => filled += n,
        }
    }
    Some(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|word| word.try_into().ok()).map_or(0, u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreter_has_a_range_that_lasts_some_kilobytes() {
        let mut command = std::process::Command::new("python3");
        let script = "import sys; print('ready', flush=True); sys.stdin.read()";
        command.args(["-c", script]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let Ok(mut python) = command.spawn() else {
            println!("skipped: no python3");
            return;
        };
        let mut line = [0; 5];
        let ready = python.stdout.as_mut().map(|out| std::io::Read::read_exact(out, &mut line));
        assert!(matches!(ready, Some(Ok(()))));
        let runtime = runtime_of(python.id());
        drop(python.stdin.take());
        assert!(python.wait().expect("it ends").success());
        let addresses = runtime.map(|runtime| runtime.addresses);
        assert!(addresses.is_some_and(|range| range.end - range.start > 1_000), "{runtime:?}");
    }

    #[test]
    fn process_without_an_interpreter_has_no_range() {
        assert_eq!(runtime_of(std::process::id()), None);
        assert_eq!(runtime_of(u32::MAX), None);
    }
}
