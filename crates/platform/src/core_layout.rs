//! Which cores are threads of one physical core, and whether the machine is a virtual one.

use std::fs;
use std::path::Path;

/// Cores with a higher number are ignored.
const MAX_CORES: u16 = 8192;

/// Directory with the kernel's description of each core.
const CORES: &str = "/sys/devices/system/cpu";

/// Returns the physical core of each core, by its number: the lowest number among the threads that it consists of.
/// Empty where the system does not say.
pub fn physical_cores() -> Vec<u16> {
    physical_cores_in(Path::new(CORES))
}

fn physical_cores_in(cores: &Path) -> Vec<u16> {
    let first_sibling = |core: u16| {
        let list = fs::read_to_string(cores.join(format!("cpu{core}/topology/thread_siblings_list"))).ok()?;
        first_number(&list)
    };
    (0..MAX_CORES).map_while(first_sibling).collect()
}

/// Returns the first number of a list such as `0-3,8`.
fn first_number(list: &str) -> Option<u16> {
    list.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Whether this is a virtual machine: what it reports as cores may be threads of one physical core.
pub fn is_virtual_machine() -> bool {
    let has_flag = |text: String| {
        let mut flags = text.lines().filter(|line| line.starts_with("flags")).take(1);
        flags.any(|line| line.split_whitespace().any(|flag| flag == "hypervisor"))
    };
    fs::read_to_string("/proc/cpuinfo").is_ok_and(has_flag)
        || ["/sys/hypervisor/type", "/proc/device-tree/hypervisor"].iter().any(|path| Path::new(path).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_one_core_have_the_same_physical_core() {
        let directory = tempfile::tempdir().expect("a directory");
        for (core, list) in ["0,2\n", "1,3\n", "0,2\n", "1,3\n"].iter().enumerate() {
            let topology = directory.path().join(format!("cpu{core}/topology"));
            fs::create_dir_all(&topology).expect("it is made");
            fs::write(topology.join("thread_siblings_list"), list).expect("it is written");
        }
        assert_eq!(physical_cores_in(directory.path()), [0, 1, 0, 1]);
        assert!(physical_cores_in(&directory.path().join("none")).is_empty(), "a system that does not say");
        assert_eq!([first_number("4-5"), first_number("7\n"), first_number("")], [Some(4), Some(7), None]);
    }
}
