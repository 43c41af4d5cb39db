//! What real servers say. One trial a server and concern; a server that is not here has its trials ignored.
//!
//! To add a concern: a module beside `live`, and one line in `main`.

#![expect(clippy::disallowed_methods, reason = "these tests start programs and look at their files")]
#![expect(clippy::print_stdout, reason = "what was compared is part of the answer")]
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its case has failed")]

mod acl;
mod agreement;
mod bench;
mod canaries;
mod corpus;
mod dice;
mod doctor;
mod doors;
mod drift;
mod dumps;
mod evidence;
mod faults;
mod fixes;
mod formatting;
mod found;
mod generate;
mod hostile;
mod import;
mod kills;
mod live;
mod nodes;
mod orphan;
mod owners;
mod profiles;
mod proxy;
mod rotation;
mod rules;
mod sentinel;
mod snapshots;
mod sockets;
mod sources;
mod tls;
mod upgrades;
mod verify;

use libtest_mimic::{Arguments, Trial};

fn main() {
    if orphan::is_child() {
        return orphan::child();
    }
    let mut arguments = Arguments::from_args();
    // Trials wait for servers more than they work.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(cores * 2);
    let servers = found::servers();
    let trials: Vec<Trial> = [
        acl::trials(&servers),
        agreement::trials(&servers),
        bench::trials(&servers),
        canaries::trials(&servers),
        corpus::trials(&servers),
        drift::trials(&servers),
        doctor::trials(&servers),
        doors::trials(&servers),
        dumps::trials(&servers),
        evidence::trials(&servers),
        faults::trials(&servers),
        fixes::trials(&servers),
        formatting::trials(&servers),
        hostile::trials(),
        import::trials(&servers),
        kills::trials(&servers),
        live::trials(&servers),
        nodes::trials(&servers),
        rotation::trials(&servers),
        orphan::trials(&servers),
        owners::trials(&servers),
        profiles::trials(&servers),
        rules::trials(&servers),
        sentinel::trials(&servers),
        snapshots::trials(&servers),
        sockets::trials(&servers),
        sources::trials(&servers),
        tls::trials(&servers),
        upgrades::trials(&servers),
        verify::trials(&servers),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
