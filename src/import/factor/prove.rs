//! The proof: the project's very texts, opened and merged instance by instance, mean what the files mean.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::config::fleet::{PROJECT_FILE, open};
use crate::config::layers::{load, merge};
use crate::finding::Severity;
use crate::import::decide::Decided;
use crate::import::{Original, Unequal, proof, values};
use crate::source::Memory;
use crate::syntax::project::Instance;

/// For each instance how many values are equal, or what is not.
pub(super) fn all(
    files: &[(String, String)],
    names: &[String],
    originals: &[&Original],
    decided: &[Decided],
    program_version: &str,
) -> Vec<Result<usize, Vec<Unequal>>> {
    let memory = Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let fleet = match open(Path::new(PROJECT_FILE), &memory, program_version) {
        Ok(fleet) if fleet.problems.is_empty() => fleet,
        Ok(fleet) => {
            let rules = fleet.problems.iter().flat_map(|(_, findings)| findings).map(|finding| finding.rule.as_ref());
            let rules: std::collections::BTreeSet<&str> = rules.collect();
            let said = rules.into_iter().collect::<Vec<_>>().join(", ");
            return names.iter().map(|_| Err(vec![wrong(format!("the project ({said})"))])).collect();
        }
        Err(error) => return names.iter().map(|_| Err(vec![wrong(format!("the project ({error})"))])).collect(),
    };
    let by_name: BTreeMap<&str, &Instance> =
        fleet.project.instances.iter().map(|instance| (instance.name.value.as_str(), instance)).collect();
    let one = |row: usize| -> Result<usize, Vec<Unequal>> {
        let instance =
            by_name.get(names[row].as_str()).ok_or_else(|| vec![wrong("its instance, which is lost".into())])?;
        let stack = load(&fleet.request(instance), &memory).map_err(|error| vec![wrong(error.to_string())])?;
        let (original, decided) = (originals[row], &decided[row]);
        let setup = merge(stack, original.reading.server);
        let errors = setup.findings.iter().filter(|finding| finding.severity >= Severity::Error);
        let errors: Vec<Unequal> = errors.map(|finding| wrong(format!("its layers ({})", finding.rule))).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let known = values(&decided.secrets);
        let compared = proof::values(original, &setup.config, &known, &decided.excluded);
        let unequal = proof::all(original, &setup, decided, &known, &compared);
        if unequal.is_empty() { Ok(compared.equal) } else { Err(unequal) }
    };
    (0..names.len()).into_par_iter().map(one).collect()
}

fn wrong(what: String) -> Unequal {
    let help = "this is a mistake of redisconf: please report it, with the lines it is about".to_owned();
    Unequal { what, original: None, profile: None, help }
}
