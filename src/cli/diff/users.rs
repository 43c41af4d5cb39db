//! The users of two configurations, of which one at least keeps them in an ACL file.

use super::line;
use crate::config::{Setup, Value};
use crate::facts::Facts;
use crate::lint::UsersFile;
use crate::plan::{Comparison, Contrast, Relation, Side, between};
use crate::report::{Compared, DifferenceLine};
use crate::source::Disk;

/// The users of both sides, and how they compare.
pub(super) struct Users {
    from: Setup,
    to: Setup,
    found: Comparison,
}

/// Reads the ACL files that two configurations name; `None` if neither names one, or if one is not here.
pub(super) fn of_files(from: &Setup, to: &Setup) -> Option<Users> {
    if !names_one(from) && !names_one(to) {
        return None;
    }
    let (from, to) = (of(from)?, of(to)?);
    let side = |setup| Side { setup, dump: None };
    let mut found = between(side(&from), side(&to));
    found.rows.retain(is_user);
    Some(Users { from, to, found })
}

/// Whether a row is about a user.
pub(super) fn is_user(row: &Contrast) -> bool {
    row.name.starts_with("user ")
}

fn names_one(setup: &Setup) -> bool {
    matches!(setup.config.get("aclfile"), Some(Value::Text(path)) if !path.is_empty())
}

fn of(setup: &Setup) -> Option<Setup> {
    if !names_one(setup) {
        return Some(setup.clone());
    }
    let file = UsersFile::named_by(&setup.reading, &setup.config, &Disk)?;
    Some(Setup { config: file.config, ..Setup::from_reading(&setup.name, file.reading, Facts::default()) })
}

impl Users {
    /// Adds what differs.
    pub(super) fn add_to(&self, compared: &mut Compared) {
        let of = |relation: Relation| -> Vec<DifferenceLine> {
            let rows = self.found.rows.iter().filter(|row| row.relation == relation);
            rows.map(|row| line(&self.from, &self.to, row)).collect()
        };
        let different = of(Relation::Different);
        compared.equal &= different.is_empty();
        compared.differences.extend(different);
        compared.others.extend(of(Relation::NotCompared));
    }
}
