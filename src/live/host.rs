//! What this machine says of a server that surely runs on it: the kernel's settings and the limits of its process.
//!
//! Linux only; elsewhere the files are not there, and nothing is said. What cannot be read is left out.

use std::fs;
use std::path::{Path, PathBuf};

use super::address::Address;
use crate::snapshot::{Host, Info};

/// What the machine says; `None` if the server is not known to run here.
pub(super) fn look(address: &Address, info: &Info) -> Option<Host> {
    process_here(address, info).map(|folder| of_process(&folder))
}

/// The folder of a server's process, if it surely runs on this machine: the process that it names is here and is one.
#[must_use]
pub fn process_here(address: &Address, info: &Info) -> Option<PathBuf> {
    let is_here = match address {
        Address::Unix(_) => true,
        Address::Tcp { host, .. } => {
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    };
    let process: u32 = info.get("process_id")?.parse().ok()?;
    let folder = PathBuf::from(format!("/proc/{process}"));
    (is_here && is_it(&folder, info.get("executable")?)).then_some(folder)
}

/// Whether a process is the server: in a container of its own the same number is another one.
///
/// Its program may be a link to another name, or was found by PATH, and then the server does not know where it lies; the
/// name, cut to 15 bytes, is the one that it was started by.
fn is_it(folder: &Path, executable: &str) -> bool {
    let executable = Path::new(executable);
    let program = fs::read_link(folder.join("exe")).ok();
    let is_program =
        program.is_some_and(|program| program == executable || fs::canonicalize(executable).ok() == Some(program));
    let is_named = || {
        text(&folder.join("comm"))
            .zip(executable.file_name())
            .is_some_and(|(name, file)| !name.is_empty() && file.as_encoded_bytes().iter().take(15).eq(name.as_bytes()))
    };
    is_program || is_named()
}

fn of_process(folder: &Path) -> Host {
    let status = text(&folder.join("status")).unwrap_or_default();
    let pages = text(&folder.join("smaps_rollup")).unwrap_or_default();
    let limits = text(&folder.join("limits")).unwrap_or_default();
    let open_files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let groups = text(&folder.join("cgroup")).unwrap_or_default();
    let (memory_limit, processor_limit) = of_groups(&groups, Path::new("/sys/fs/cgroup"));
    Host {
        overcommit: number(Path::new("/proc/sys/vm/overcommit_memory")),
        huge_pages: text(Path::new("/sys/kernel/mm/transparent_hugepage/enabled")).as_deref().and_then(chosen),
        somaxconn: same_network(folder).then(|| number(Path::new("/proc/sys/net/core/somaxconn"))).flatten(),
        swap: kibibytes(&text(Path::new("/proc/meminfo")).unwrap_or_default(), "SwapTotal:"),
        processors: std::thread::available_parallelism().ok().and_then(|count| u64::try_from(count.get()).ok()),
        clocksource: text(Path::new("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
        open_files: open_files.and_then(|rest| rest.split_whitespace().next()?.parse().ok()),
        swapped: kibibytes(&status, "VmSwap:"),
        in_huge_pages: kibibytes(&pages, "AnonHugePages:"),
        memory_limit,
        processor_limit,
    }
}

/// The listen queue is the network's, and a container has one of its own.
fn same_network(folder: &Path) -> bool {
    let theirs = fs::read_link(folder.join("ns/net")).ok();
    theirs.is_some() && theirs == fs::read_link("/proc/self/ns/net").ok()
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned())
}

fn number(path: &Path) -> Option<u64> {
    text(path)?.parse().ok()
}

/// The word in brackets of `always [madvise] never`.
fn chosen(text: &str) -> Option<String> {
    Some(text.split_once('[')?.1.split_once(']')?.0.to_owned())
}

/// The bytes of a line such as `VmSwap:   12 kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Limits of memory and processors: the lowest on the way from a group to the root.
fn of_groups(groups: &str, root: &Path) -> (Option<u64>, Option<f64>) {
    let path = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?.to_owned(), parts.next()?.trim_start_matches('/').to_owned()))
    };
    let (mut memory, mut processors) = (None::<u64>, None::<f64>);
    for (controllers, group) in groups.lines().filter_map(path) {
        let is_old = controllers.split(',').any(|one| one == "memory");
        let top = if is_old { root.join("memory") } else { root.to_owned() };
        if !is_old && !controllers.is_empty() {
            continue;
        }
        for folder in top.join(&group).ancestors().take_while(|folder| folder.starts_with(&top)) {
            let file = if is_old { "memory.limit_in_bytes" } else { "memory.max" };
            // The old way writes a number near 2^63 for no limit.
            let limit = number(&folder.join(file)).filter(|limit| *limit < 1 << 60);
            memory = memory.into_iter().chain(limit).min();
            let share = text(&folder.join("cpu.max")).and_then(|text| {
                let (quota, period) = text.split_once(' ')?;
                Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
            });
            processors = processors.into_iter().chain(share).reduce(f64::min);
        }
    }
    (memory, processors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_on_the_way_up_counts() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("pods/one");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        fs::write(root.path().join("pods/memory.max"), "1048576\n").unwrap();
        fs::write(inner.join("cpu.max"), "150000 100000\n").unwrap();
        fs::write(root.path().join("pods/cpu.max"), "max 100000\n").unwrap();
        assert_eq!(of_groups("0::/pods/one\n", root.path()), (Some(1_048_576), Some(1.5)));
        assert_eq!(of_groups("", root.path()), (None, None));
    }

    #[test]
    fn files_of_the_kernel_are_read() {
        assert_eq!(chosen("always [madvise] never").as_deref(), Some("madvise"));
        assert_eq!(kibibytes("VmRSS:\t 7 kB\nVmSwap:\t 12 kB\n", "VmSwap:"), Some(12 * 1024));
    }

    #[test]
    fn a_server_elsewhere_has_no_machine_here() {
        let process = std::process::id().to_string();
        let info = [("process_id", process.as_str()), ("executable", "/usr/bin/redis-server")].into_iter().collect();
        let here = Address::Unix("/tmp/x".into());
        assert_eq!(look(&here, &info), None);
        assert_eq!(look(&here, &Info::default()), None);
    }
}
